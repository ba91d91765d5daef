"""What `huisclos verify` says, in French and in English. When it says what is left to `verify`."""

from collections.abc import Mapping
from typing import Final

from huisclos.model.error_texts import Language
from huisclos.services.verification import Difference

OWN: Final[Mapping[Language, str]] = {
    "fr": "cette installation : version {version}, sources {commit}, {rustc}, client {digest}",
    "en": "this installation: version {version}, sources {commit}, {rustc}, client {digest}",
}
CLAIMED: Final[Mapping[Language, str]] = {
    "fr": "le serveur dit de lui-même : version {version}, sources {commit}",
    "en": "the server says of itself: version {version}, sources {commit}",
}
NO_HTTPS: Final[Mapping[Language, str]] = {
    "fr": "attention : sans HTTPS, n'importe qui sur le trajet peut donner autre chose aux visiteurs",
    "en": "beware: without HTTPS anybody on the way can give visitors something else",
}
UNKNOWN: Final[Mapping[Language, str]] = {"fr": "inconnu", "en": "unknown"}
UNCOMMITTED: Final[Mapping[Language, str]] = {"fr": " et modifications", "en": " with changes"}
EQUAL: Final[Mapping[Language, str]] = {
    "fr": "identique : {files} fichiers, {pages} pages et leur politique de sécurité (CSP) sont ceux de cette installation",
    "en": "equal: {files} files, {pages} pages and their security policy (CSP) are those of this installation",
}
DIFFERENT: Final[Mapping[Language, str]] = {
    "fr": "différent : {count} écart(s). Version différente, ou serveur qui distribue autre chose : ne pas s'y fier avant de savoir.",
    "en": "different: {count} finding(s). Another version, or a server that hands out something else: do not trust it until you know.",
}
DIFFERENCES: Final[Mapping[Language, Mapping[Difference, str]]] = {
    "fr": {
        Difference.CHANGED: "modifié   {where}  {detail}",
        Difference.MISSING: "manquant  {where}  (réponse {detail})",
        Difference.EXTRA: "en trop   {where}  ({detail})",
        Difference.FOREIGN: "étranger  {where}  (nommé par {detail}, non demandé)",
        Difference.INLINE: "injecté   {where}  {detail}",
        Difference.POLICY: "politique {where}  (CSP reçue : {detail})",
        Difference.MOVED: "renvoyé   {where}  (vers {detail}, non suivi)",
    },
    "en": {
        Difference.CHANGED: "changed   {where}  {detail}",
        Difference.MISSING: "missing   {where}  (answer {detail})",
        Difference.EXTRA: "extra     {where}  ({detail})",
        Difference.FOREIGN: "foreign   {where}  (named by {detail}, not asked)",
        Difference.INLINE: "injected  {where}  {detail}",
        Difference.POLICY: "policy    {where}  (CSP received: {detail})",
        Difference.MOVED: "moved     {where}  (to {detail}, not followed)",
    },
}
