"""The accessible names a person finds the controls by, in both languages. What the controls do is left to the client."""

from typing import Literal, TypeAlias

Language: TypeAlias = Literal["fr", "en"]

# The names are promised: people write guides with them, and programs drive a call by them.
NAMES: dict[str, dict[Language, str]] = {
    "new meeting": {"fr": "Nouvelle réunion", "en": "New meeting"},
    "try devices": {"fr": "Essayer la caméra et le micro", "en": "Try camera and microphone"},
    "join": {"fr": "Rejoindre", "en": "Join"},
    "leave": {"fr": "Quitter", "en": "Leave"},
    "mute": {"fr": "Couper le micro", "en": "Mute"},
    "unmute": {"fr": "Activer le micro", "en": "Unmute"},
    "stop video": {"fr": "Désactiver la caméra", "en": "Stop video"},
    "start video": {"fr": "Activer la caméra", "en": "Start video"},
    "share": {"fr": "Partager l'écran", "en": "Share screen"},
    "stop sharing": {"fr": "Arrêter le partage", "en": "Stop sharing"},
    "admit": {"fr": "Accepter", "en": "Admit"},
    "deny": {"fr": "Refuser", "en": "Deny"},
    "admit all": {"fr": "Tout accepter", "en": "Admit all"},
    "waiting room": {"fr": "Salle d'attente", "en": "Waiting room"},
    "invite": {"fr": "Inviter", "en": "Invite"},
    "show link": {"fr": "Afficher le lien et le code QR", "en": "Show the link and QR code"},
    "meeting link": {"fr": "Lien de la réunion", "en": "Meeting link"},
    "close": {"fr": "Fermer", "en": "Close"},
    "encryption": {"fr": "État du chiffrement", "en": "State of the encryption"},
    "end-to-end encrypted": {"fr": "Chiffré de bout en bout", "en": "End-to-end encrypted"},
    "compare": {"fr": "Comparer maintenant", "en": "Compare now"},
    "the same": {"fr": "C'est le même", "en": "It is the same"},
    "grid": {"fr": "Mosaïque", "en": "Grid"},
    "speaker": {"fr": "Intervenant", "en": "Speaker"},
}
