/**
 * Every French text of the client. English has the same keys, or the build fails. Errors have their own file, `types/errors`;
 * what is said about encryption stands in `security-fr`.
 */

import { safetyFr, securityFr } from "./security-fr";

const plural = (n: number, one: string, many: string) => `${n} ${n > 1 ? many : one}`;

export const fr = {
  language: { name: "Français", other: "English", choose: "Langue" },
  skip: "Aller au contenu",
  backHome: "Revenir à l'accueil",
  retry: "Réessayer",
  close: "Fermer",
  leave: "Quitter",
  working: "Un instant…",

  home: {
    title: "Se parler, portes closes.",
    lead: "Une réunion s'ouvre d'un clic, se partage par un lien, et personne n'y entre sans que vous ouvriez.",
    start: "Nouvelle réunion",
    starting: "On prépare la salle…",
    haveLink: "Vous avez reçu un lien ?",
    link: "Lien de la réunion",
    open: "Ouvrir",
    badLink: "Ce n'est pas un lien de réunion de ce serveur.",
    promises: {
      title: "Ce que cette maison promet",
      sealed: {
        title: "Ce qui se dit ici reste ici",
        text: "Son, image et noms sont chiffrés de bout en bout : le serveur les transmet sans pouvoir les ouvrir.",
      },
      door: {
        title: "On frappe avant d'entrer",
        text: "Le lien mène à la porte. Vous voyez qui frappe, et vous ouvrez.",
      },
      quiet: {
        title: "Rien ne s'allume seul",
        text: "Ni micro ni caméra avant que vous l'ayez demandé. Coupé veut dire fermé.",
      },
      alone: {
        title: "Personne d'autre",
        text: "Aucun service tiers, aucune mesure d'audience : cette page ne parle qu'à son serveur.",
      },
    },
  },

  security: securityFr,
  safety: safetyFr,

  preJoin: {
    title: "Avant d'entrer",
    looking: "On cherche la salle…",
    question: "Voulez-vous être vu et entendu des autres ?",
    questionHelp: "Rien ne s'allume avant votre accord. Vous pourrez changer d'avis à tout moment.",
    try: "Essayer la caméra et le micro",
    preview: "Votre image, comme dans un miroir",
    cameraOff: "Caméra désactivée",
    cameraStarting: "La caméra s'ouvre…",
    answerBrowser: "Répondez à la question du navigateur.",
    name: "Votre nom",
    nameHelp: "Les autres le verront.",
    namelessHost: "Organisateur",
    namelessGuest: "Invité",
    join: "Rejoindre",
    joining: "On vous ouvre…",
    asHost: "Vous êtes l'organisateur.",
    asGuest: "Vous êtes déjà venu : la porte vous est ouverte.",
    asStranger: "L'organisateur verra votre nom et vous fera entrer.",
    nobody: "Personne n'est encore là.",
    people: (n: number) => `${plural(n, "personne est", "personnes sont")} déjà là.`,
    returning: "Vous revenez micro coupé.",
    level: "Niveau du micro",
    speakUp: "Dites quelques mots : la jauge doit bouger.",
    muted: "Micro coupé",
    without: "Vous pouvez entrer sans.",
    testSound: "Tester le son",
    permissionIcon: {
      chromium: "l'icône de réglages",
      firefox: "l'icône de permissions",
      safari: "le menu Safari > Réglages pour ce site",
      other: "l'icône de permissions",
    },
  },

  devices: {
    microphone: "Micro",
    camera: "Caméra",
    speaker: "Haut-parleurs",
    default: "Appareil par défaut",
    noSpeakerChoice: "Ce navigateur ne permet pas de choisir les haut-parleurs.",
    unlisted: "Les appareils apparaîtront ici une fois autorisés.",
  },

  waiting: {
    title: "Demande envoyée.",
    text: "L'organisateur doit vous faire entrer.",
    seen: "Il voit votre nom, rien d'autre. Vous ne voyez ni n'entendez encore la réunion, et elle ne vous voit pas.",
    stop: "Ne plus attendre",
  },
  denied: { title: "L'organisateur a décliné votre demande." },
  expired: {
    title: "Pas encore de réponse.",
    text: "Votre demande a expiré. Vous pouvez frapper de nouveau.",
    again: "Redemander",
  },

  ended: {
    left: { title: "Vous avez quitté la réunion.", text: "Micro et caméra sont fermés." },
    again: "Revenir dans la réunion",
    here: "Revenir ici",
  },

  test: {
    title: "Essayer avant un appel",
    lead: "Cette page essaie la connexion d'elle-même. Caméra et micro ne s'ouvrent que si vous le demandez, et rien de ce qu'ils captent ne quitte votre appareil.",
    link: "Essayer la connexion",
    linkHome: "Essayer la caméra, le son et la connexion",
    question: "Voulez-vous vous voir et essayer votre micro ?",
    network: "Connexion",
    steps: {
      browser: { name: "Navigateur", good: "Il sait tenir un appel." },
      server: { name: "Serveur", good: "Il répond." },
      signalling: { name: "Entrée dans l'appel", good: "La connexion WebSocket s'ouvre." },
      media: { name: "Son et image", good: "Les paquets UDP font l'aller et retour, chiffrés." },
    },
    webSocketBlocked: {
      message: "La connexion WebSocket ne s'ouvre pas.",
      help: "Votre réseau laisse passer les pages, pas les appels. Essayez un autre réseau, ou demandez que les WebSocket vers ce serveur soient permis.",
    },
    states: { waiting: "Pas encore essayé.", running: "Un instant…" },
    milliseconds: (n: number) => `${n} ms`,
    running: "On essaie la connexion…",
    passed: "Un appel fonctionne d'ici.",
    failed: "Un appel ne fonctionnerait pas d'ici.",
    again: "Recommencer",
  },

  noCall: {
    title: "Il n'y a pas d'appel dans cet onglet.",
    text: "Cette adresse est celle de tous les appels, et n'ouvre aucune porte. Suivez le lien d'invitation.",
  },

  call: {
    title: "En réunion",
    stage: "Participants à l'image",
    controls: "Commandes",
    you: "vous",
    alone: "Vous êtes seul pour l'instant.",
    aloneHelp: "Envoyez le lien : ceux qui le suivent frapperont à la porte.",
    aloneGuest: "Les autres arriveront ici.",
    unmute: "Activer le micro",
    mute: "Couper le micro",
    cameraOn: "Activer la caméra",
    cameraOff: "Désactiver la caméra",
    share: "Partager l'écran",
    stopShare: "Arrêter le partage",
    grid: "Mosaïque",
    speaker: "Intervenant",
    participants: "Participants",
    invite: "Inviter",
    settings: "Paramètres",
    shortcuts: "Raccourcis clavier",
    more: "Plus d'options",
    turnOnSound: "Activer le son",
    previousPage: "Page précédente",
    nextPage: "Page suivante",
    page: (page: number, pages: number) => `Page ${page} sur ${pages}`,
    isSpeaking: "Parle",
    isMuted: "Micro coupé",
    poorLine: "connexion faible",
    lostLine: "connexion perdue",
    screenOf: (name: string) => `Écran de ${name}`,
    yourScreen: "Votre écran",
    sharingYours: "Vous partagez votre écran.",
    talkHint: "Relâchez Espace pour couper le micro.",
    knocking: (n: number) => `${plural(n, "personne attend", "personnes attendent")} à la porte`,
    seeKnocks: "Voir la salle d'attente",
  },

  people: {
    title: "Participants",
    waitingRoom: "Salle d'attente",
    inside: "Dans la réunion",
    admit: "Accepter",
    deny: "Refuser",
    admitAll: "Tout accepter",
    waits: (minutes: number) => (minutes < 1 ? "à l'instant" : `depuis ${minutes} min`),
    host: "Organisateur",
    unnamed: "Sans nom",
    unverified: "Carte non vérifiée",
    invitation: {
      used: (label: string) => `L'invitation pour ${label} a déjà servi.`,
      revoked: (label: string) => `L'invitation pour ${label} a été révoquée.`,
      unknown: "Avec une invitation qui n'a pas été faite dans ce navigateur.",
    },
    remove: (name: string) => `Exclure ${name}`,
    removeQuestion: (name: string) => `Exclure ${name} de la réunion ?`,
    removeText: "Cette personne sort tout de suite et ne peut pas revenir à cette place.",
    removeNewLink: "Changer aussi le lien de la réunion",
    removeNewLinkHelp:
      "Avec l'ancien lien, plus personne ne peut demander à entrer : donnez le nouveau à ceux qui doivent encore venir. Sinon, cette personne peut frapper de nouveau sous un autre nom.",
    removeDo: "Exclure",
    removeNot: "Annuler",
  },

  invite: {
    title: "Inviter",
    text: "Qui suit ce lien frappe à la porte. Vous décidez de l'ouvrir.",
    textGuest: "Qui suit ce lien frappe à la porte. L'organisateur décide de l'ouvrir.",
    link: "Lien de la réunion",
    copy: "Copier le lien",
    copied: "Lien copié",
    copiedAlready: "Le lien est déjà copié : collez-le dans un message.",
    copyFailed: "Copie refusée par le navigateur. Sélectionnez le lien et copiez-le.",
    show: "Afficher le lien et le code QR",
    hide: "Masquer le lien",
    qr: "Code QR du lien de la réunion",
    bearer:
      "Vous êtes venu par une invitation personnelle. Elle n'est que pour vous : si quelqu'un d'autre doit venir, demandez un lien à l'organisateur.",
    personal: "Invitations personnelles",
    personalText:
      "Un lien pour une seule personne, qui entre sans frapper. Vous pouvez le révoquer seul ; les autres restent valables.",
    personalName: "Pour qui",
    personalNew: "Nouvelle invitation : copier son lien",
    personalCopied: (name: string) => `Lien pour ${name} copié`,
    personalLink: (name: string) => `Lien pour ${name}`,
    personalAgain: (name: string) => `Copier de nouveau le lien pour ${name}`,
    standing: {
      fresh: "Pas encore utilisée",
      inside: "Dans la réunion",
      used: "Utilisée",
      revoked: "Révoquée",
      revokedInside: "Révoquée, encore dans la réunion",
    },
    revoke: (name: string) => `Révoquer l'invitation pour ${name}`,
    revokeQuestion: (name: string) => `${name} est dans la réunion`,
    revokeText:
      "Une fois l'invitation révoquée, personne d'autre n'entre avec elle. Cette personne doit-elle aussi sortir de la réunion ? Le lien de la réunion change alors aussi : elle le connaît désormais.",
    revokeAndRemove: "Révoquer et exclure",
    revokeOnly: "Révoquer seulement",
  },

  settings: {
    title: "Paramètres",
    devices: "Appareils",
    looks: "Apparence",
    theme: "Thème",
    themes: { system: "Celui de l'appareil", light: "Clair", dark: "Sombre" },
    keys: "Clavier",
    singleKeys: "Raccourcis d'une seule touche",
    singleKeysHelp: "À désactiver si vous dictez à votre ordinateur.",
    sound: "Micro",
    warn: "Prévenir quand je parle micro coupé",
    warnHelp: "Le micro reste alors ouvert sur cet appareil quand il est coupé ; rien n'est envoyé.",
  },

  shortcuts: {
    title: "Raccourcis clavier",
    off: "Les raccourcis d'une seule touche sont désactivés dans les paramètres.",
    spaceKey: "Espace",
    commands: {
      microphone: "Couper ou activer le micro",
      camera: "Activer ou désactiver la caméra",
      talk: "Parler tant que la touche est tenue",
      screen: "Partager l'écran",
      view: "Mosaïque ou intervenant",
      people: "Participants",
      help: "Raccourcis clavier",
    },
  },

  said: {
    came: (name: string) => `${name} est arrivé.`,
    went: (name: string) => `${name} est parti.`,
    shares: (name: string) => `${name} partage son écran.`,
    stoppedSharing: (name: string) => `${name} ne partage plus son écran.`,
    microphoneOn: "Micro activé.",
    microphoneOff: "Micro coupé.",
    cameraOn: "Caméra activée.",
    cameraOff: "Caméra désactivée.",
    back: "Connexion rétablie.",
    knock: (name: string) => `${name} frappe à la porte.`,
    invited: (label: string, name: string) =>
      `${label} a rejoint la réunion avec son invitation${name === label ? "" : ` (nom donné : « ${name} »)`}.`,
    invitedSeen: "OK",
    gridView: "Vue mosaïque.",
    speakerView: "Vue intervenant.",
    linkCopied: "Lien copié.",
  },

  tab: {
    test: "Essayer avant un appel · Huis Clos",
    home: "Huis Clos",
    preJoin: "Avant d'entrer · Huis Clos",
    waiting: "À la porte · Huis Clos",
    call: "En réunion · Huis Clos",
    knocking: "On frappe · Huis Clos",
    ended: "Réunion quittée · Huis Clos",
  },
};

/** The shape every language fills: the same keys, the same parameters, any words. */
export type Texts = Worded<typeof fr>;

type Worded<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [Key in keyof T]: Worded<T[Key]> };
