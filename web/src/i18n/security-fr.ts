/** The French texts about encryption: what the padlock, the safety code and the alarms say. Part of `fr`. */

export const securityFr = {
  title: "Sécurité",
  short: {
    transit: "Pas chiffré de bout en bout",
    opening: "Mise sous clé…",
    closed: "Chiffré de bout en bout",
    returning: "On reprend les clés…",
    alarm: "Alerte de chiffrement",
    broken: "Envoi arrêté",
  },
  long: {
    transit:
      "Cette réunion n'est pas chiffrée de bout en bout : le serveur pourrait écouter. Son et image sont chiffrés entre chaque appareil et le serveur, qui pourrait les voir en clair en les transmettant. Cela a été choisi à la création de la réunion et ne change pas en cours de route.",
    opening: "Les clés de la réunion se préparent. D'ici là, ni son ni image ne partent d'ici.",
    closed:
      "Seuls les membres ci-dessous peuvent vous voir et vous entendre. Le serveur transmet ce que vous envoyez sans pouvoir l'ouvrir.",
    returning:
      "Le groupe a changé de clés et cet appareil les rejoint. Ce que vous envoyez reste scellé avec les dernières clés vérifiées.",
    alarm: "Votre son et votre image restent scellés, mais quelque chose d'anormal est arrivé : lisez l'alerte.",
    broken: "Plus rien n'est envoyé. Il n'y a pas de suite sans chiffrement.",
  },
  epoch: (epoch: number) => `Époque ${epoch}`,
  epochHelp: "Une époque est un jeu de clés. Elle change dès que quelqu'un arrive ou part.",
  summary: {
    label: "État du chiffrement",
    padlock: "Chiffrement",
    epoch: "Époque des clés",
    code: "Code de sécurité",
    digits: "Code de sécurité en chiffres",
    members: "Membres du groupe",
    blocked: "Connexions bloquées",
    none: "aucun",
  },

  members: {
    title: "Membres",
    host: "organisateur",
    admitted: "accepté par l'organisateur",
    media: {
      none: "n'envoie rien",
      sealed: "son et image scellés",
      waiting: "on attend ses clés",
      failing: "ne peut être déchiffré",
    },
    unheard: "n'a pas encore confirmé les clés",
    blocked: "Inconnu – bloqué",
    blockedHelp:
      "Relié au serveur sans être membre : ne reçoit que des paquets scellés, et rien de lui n'est montré ni joué.",
  },

  server: {
    title: "Ce que voit le serveur",
    sees: "Il voit",
    seen: [
      "l'adresse réseau de chacun",
      "les heures d'arrivée et de départ",
      "la taille et le rythme des paquets, la définition des images",
      "qui parle, par le niveau sonore",
      "combien vous êtes",
      "l'identifiant de la réunion, et votre compte si vous en avez un",
    ],
    seesInTransit: "le son, l'image et les écrans, s'il le veut",
    namesInTransit: "les noms",
    cannot: "Il ne peut pas voir",
    unseen: ["le son et l'image", "les écrans partagés", "les noms", "le secret du lien"],
    limits: "Ce que le chiffrement ne protège pas",
    limitsList: [
      "Une personne présente peut enregistrer ou filmer son écran.",
      "Un appareil infecté voit et entend ce que voit et entend son propriétaire.",
      "Qui a le lien peut frapper ; l'organisateur décide d'ouvrir.",
      "Le programme de cette page vient du serveur : un serveur malhonnête pourrait en envoyer un qui trahit. Rien sur cette page ne peut l'exclure : réunissez-vous sur un serveur de confiance.",
    ],
  },

  cipher: {
    title: "Vos paquets, en direct",
    text: "Le début du dernier paquet chiffré que cet appareil a envoyé, tel que le serveur le reçoit.",
    label: (bytes: number) => `${bytes} octets chiffrés, illisibles sans les clés`,
    nothing: "Rien n'est envoyé pour l'instant : micro et caméra sont fermés.",
    pause: "Mettre en pause",
    go: "Reprendre",
  },

  alarms: {
    about: (name: string) => `Cela concerne ${name}.`,
    seen: "J'ai compris",
    kinds: {
      forked: {
        what: "Vous n'avez pas tous les mêmes clés.",
        means:
          "Le serveur, ou quelqu'un sur le chemin, a coupé le groupe en deux : vous n'êtes peut-être pas tous dans la même réunion.",
        todo: "Comparez le code de sécurité à voix haute. S'il diffère, quittez et convenez d'un autre serveur.",
      },
      invalid_change: {
        what: "Une modification interdite a été refusée.",
        means:
          "Le serveur a transmis un changement du groupe que personne n'avait le droit de faire. Votre navigateur ne l'a pas appliqué : personne n'est entré.",
        todo: "Vous pouvez continuer. Si cela se répète, ne faites plus confiance à ce serveur.",
      },
      blocked: {
        what: "Une connexion inconnue est bloquée.",
        means:
          "Quelqu'un est relié au serveur sans être membre. Il ne reçoit que des paquets scellés, et rien de lui n'est montré ni joué.",
        todo: "Vous pouvez continuer. Si cela dure, prévenez la personne qui tient le serveur.",
      },
      plain_refused: {
        what: "Un envoi sans chiffrement a été refusé.",
        means: "Du son, une image ou un message est arrivé en clair. Rien n'en a été montré ni joué.",
        todo: "Vous pouvez continuer. Si quelqu'un manque, demandez-lui de recharger sa page.",
      },
      lost_group: {
        what: "Cet appareil n'a plus les clés du groupe.",
        means: "Il n'a pas pu suivre les changements du groupe, et n'enverra rien sous des clés périmées.",
        todo: "Revenez dans la réunion : de nouvelles clés seront faites.",
      },
      stopped: {
        what: "Le chiffrement s'est arrêté sur cet appareil.",
        means: "La partie du programme qui scelle le son et l'image ne répond plus.",
        todo: "Revenez dans la réunion : la page repart à neuf.",
      },
    },
  },

  broken: {
    title: "L'envoi est arrêté.",
    text: "Ni son ni image ne partent plus de cet appareil. Huis Clos ne continue jamais sans chiffrement.",
    again: "Revenir dans la réunion",
  },

  transitBanner: "Le serveur pourrait écouter cette réunion : elle est chiffrée jusqu'à lui, pas au-delà.",

  preJoin: {
    sealed: "Chiffrée de bout en bout : le serveur ne peut ni vous voir ni vous entendre.",
    transit: "Sans chiffrement de bout en bout : le serveur pourrait écouter et voir.",
  },

  tile: { waiting: "on attend ses clés", failing: "ne peut être déchiffré" },
};

export const safetyFr = {
  title: "Code de sécurité",
  how: "Lisez-le à voix haute. Si tout le monde a le même, personne ne s'est glissé entre vous.",
  changes: "Il change dès que quelqu'un arrive ou part : comparez-le quand vous êtes au complet.",
  none: "Le code se calcule…",
  digits: "En chiffres",
  compare: "Comparer maintenant",
  comparing: {
    title: "Comparez à voix haute",
    how: "L'un de vous lit les dix noms dans l'ordre ; les autres suivent sur leur écran.",
    same: "C'est le même",
    differs: "Il est différent",
  },
  compared: "Comparé : le même pour tous.",
  outdated: "Quelqu'un est arrivé ou parti depuis votre comparaison : le code est nouveau.",
  different: {
    what: "Vos codes diffèrent.",
    todo: "Vérifiez d'abord que vous l'avez lu au même moment, sans arrivée ni départ entre-temps. S'il diffère encore, ne dites plus rien de confidentiel ici : quittez, et convenez par un autre moyen d'une autre réunion.",
  },
  symbols: [
    ...["Chien", "Chat", "Lion", "Cheval", "Licorne", "Cochon", "Éléphant", "Lapin"],
    ...["Panda", "Coq", "Manchot", "Tortue", "Poisson", "Pieuvre", "Papillon", "Tulipe"],
    ...["Arbre", "Cactus", "Champignon", "Planète", "Lune", "Nuage", "Feu", "Banane"],
    ...["Pomme", "Fraise", "Maïs", "Pizza", "Gâteau", "Cœur", "Sourire", "Robot"],
    ...["Chapeau", "Lunettes", "Outil", "Père Noël", "Pouce", "Parapluie", "Sablier", "Réveil"],
    ...["Cadeau", "Ampoule", "Livre", "Crayon", "Trombone", "Ciseaux", "Cadenas", "Clé"],
    ...["Marteau", "Téléphone", "Drapeau", "Train", "Vélo", "Avion", "Fusée", "Trophée"],
    ...["Ballon", "Guitare", "Trompette", "Cloche", "Ancre", "Casque", "Dossier", "Punaise"],
  ],
};
