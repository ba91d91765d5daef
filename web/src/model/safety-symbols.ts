/** The 64 symbols of the safety code, in the order of the Matrix SAS table. Their names are texts, in the same order. */

export const safetySymbols: readonly string[] = [
  ..."🐶🐱🦁🐎🦄🐷🐘🐰🐼🐓🐧🐢🐟🐙🦋🌷🌳🌵🍄🌏🌙",
  "☁️",
  ..."🔥🍌🍎🍓🌽🍕🎂",
  "❤️",
  ..."😀🤖🎩👓🔧🎅👍",
  "☂️",
  ..."⌛⏰🎁💡📕",
  "✏️",
  "📎",
  "✂️",
  ..."🔒🔑🔨",
  "☎️",
  ..."🏁🚂🚲",
  "✈️",
  ..."🚀🏆⚽🎸🎺🔔⚓🎧📁📌",
];
