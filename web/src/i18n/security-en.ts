/** The English texts about encryption: what the padlock, the safety code and the alarms say. Part of `en`. */

import type { Texts } from "./fr";

export const securityEn: Texts["security"] = {
  title: "Security",
  short: {
    transit: "Not end-to-end encrypted",
    opening: "Locking up…",
    closed: "End-to-end encrypted",
    returning: "Fetching new keys…",
    alarm: "Encryption alert",
    broken: "Sending stopped",
  },
  long: {
    transit:
      "This meeting is not end-to-end encrypted: the server could listen. Sound and picture are encrypted between each device and the server, which could see them in the clear as it passes them on. That was chosen when the meeting was made and does not change along the way.",
    opening: "The keys of the meeting are being made. Until then no sound and no picture leaves this device.",
    closed:
      "Only the members below can see and hear you. The server passes on what you send without being able to open it.",
    returning:
      "The group has new keys and this device is catching up. What you send stays sealed with the last keys that were checked.",
    alarm: "Your sound and picture stay sealed, but something unusual has happened: read the alert.",
    broken: "Nothing is sent any more. There is no going on without encryption.",
  },
  epoch: (epoch) => `Epoch ${epoch}`,
  epochHelp: "An epoch is one set of keys. It changes as soon as somebody comes or goes.",
  summary: {
    label: "State of the encryption",
    padlock: "Encryption",
    epoch: "Epoch of the keys",
    code: "Safety code",
    digits: "Safety code in digits",
    members: "Members of the group",
    blocked: "Blocked connections",
    none: "none",
  },

  members: {
    title: "Members",
    host: "host",
    admitted: "admitted by a host",
    media: {
      none: "sends nothing",
      sealed: "sound and picture sealed",
      waiting: "waiting for their keys",
      failing: "cannot be decrypted",
    },
    unheard: "has not confirmed the keys yet",
    blocked: "Unknown – blocked",
    blockedHelp:
      "Connected to the server without being a member: receives only sealed packets, and nothing of theirs is shown or played.",
  },

  server: {
    title: "What the server sees",
    sees: "It sees",
    seen: [
      "everybody's network address",
      "when people come and go",
      "the size and pace of the packets, the resolution of pictures",
      "who speaks, by the sound level",
      "how many you are",
      "the meeting's identifier, and your account if you have one",
    ],
    seesInTransit: "sound, picture and screens, if it wants to",
    namesInTransit: "names",
    cannot: "It cannot see",
    unseen: ["sound and picture", "shared screens", "names", "the secret in the link"],
    limits: "What encryption does not protect",
    limitsList: [
      "Somebody in the meeting can record it or film their screen.",
      "An infected device sees and hears what its owner sees and hears.",
      "Whoever has the link can knock; the host decides whether to open.",
      "The program of this page comes from the server: a dishonest one could send a program that betrays you. Nothing on this page can rule that out: meet on a server you trust.",
    ],
  },

  cipher: {
    title: "Your packets, live",
    text: "The beginning of the last encrypted packet this device sent, as the server receives it.",
    label: (bytes) => `${bytes} encrypted bytes, unreadable without the keys`,
    nothing: "Nothing is being sent: microphone and camera are closed.",
    pause: "Pause",
    go: "Resume",
  },

  alarms: {
    about: (name) => `It is about ${name}.`,
    seen: "Understood",
    kinds: {
      forked: {
        what: "You do not all have the same keys.",
        means: "The server, or somebody on the way, split the group in two: you may not all be in the same meeting.",
        todo: "Compare the safety code aloud. If it differs, leave and agree on another server.",
      },
      invalid_change: {
        what: "A forbidden change was refused.",
        means:
          "The server passed on a change of the group that nobody was entitled to make. Your browser did not apply it: nobody came in.",
        todo: "You can go on. If it happens again, do not trust this server any more.",
      },
      blocked: {
        what: "An unknown connection is blocked.",
        means:
          "Somebody is connected to the server without being a member. They receive only sealed packets, and nothing of theirs is shown or played.",
        todo: "You can go on. If it lasts, tell the person who runs the server.",
      },
      plain_refused: {
        what: "Something unencrypted was refused.",
        means: "Sound, a picture or a message arrived in the clear. Nothing of it was shown or played.",
        todo: "You can go on. If somebody is missing, ask them to reload their page.",
      },
      lost_group: {
        what: "This device no longer has the keys of the group.",
        means: "It could not follow the changes of the group, and will send nothing under outdated keys.",
        todo: "Come back in: new keys will be made.",
      },
      stopped: {
        what: "Encryption has stopped on this device.",
        means: "The part of the program that seals sound and picture no longer answers.",
        todo: "Come back in: the page starts afresh.",
      },
    },
  },

  broken: {
    title: "Sending has stopped.",
    text: "No sound and no picture leaves this device any more. Huis Clos never goes on without encryption.",
    again: "Come back in",
  },

  transitBanner: "The server could listen to this meeting: it is encrypted as far as the server, and no further.",

  preJoin: {
    sealed: "End-to-end encrypted: the server can neither see nor hear you.",
    transit: "Not end-to-end encrypted: the server could listen and watch.",
  },

  tile: { waiting: "waiting for their keys", failing: "cannot be decrypted" },
};

export const safetyEn: Texts["safety"] = {
  title: "Safety code",
  how: "Read it aloud. If everybody has the same, nobody has slipped in between you.",
  changes: "It changes as soon as somebody comes or goes: compare it when everybody is there.",
  none: "The code is being computed…",
  digits: "In digits",
  compare: "Compare now",
  comparing: {
    title: "Compare aloud",
    how: "One of you reads the ten names in order; the others follow on their screens.",
    same: "It is the same",
    differs: "It is different",
  },
  compared: "Compared: the same for everybody.",
  outdated: "Somebody came or left since you compared: the code is new.",
  different: {
    what: "Your codes differ.",
    todo: "First make sure you read it at the same moment, with nobody coming or going in between. If it still differs, say nothing confidential here: leave, and agree by other means on another meeting.",
  },
  symbols: [
    ...["Dog", "Cat", "Lion", "Horse", "Unicorn", "Pig", "Elephant", "Rabbit"],
    ...["Panda", "Rooster", "Penguin", "Turtle", "Fish", "Octopus", "Butterfly", "Tulip"],
    ...["Tree", "Cactus", "Mushroom", "Globe", "Moon", "Cloud", "Fire", "Banana"],
    ...["Apple", "Strawberry", "Corn", "Pizza", "Cake", "Heart", "Smile", "Robot"],
    ...["Hat", "Glasses", "Spanner", "Santa", "Thumb", "Umbrella", "Hourglass", "Clock"],
    ...["Gift", "Lamp", "Book", "Pencil", "Paperclip", "Scissors", "Padlock", "Key"],
    ...["Hammer", "Telephone", "Flag", "Train", "Bicycle", "Aeroplane", "Rocket", "Trophy"],
    ...["Ball", "Guitar", "Trumpet", "Bell", "Anchor", "Headphones", "Folder", "Pin"],
  ],
};
