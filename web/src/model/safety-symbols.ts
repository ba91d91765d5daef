/** The 64 symbols a safety code is read in, in the order of Matrix' SAS table; their names are texts, `safety.symbols`. */

export const safetySymbols: readonly string[] = [
  ..."🐶🐱🦁🐎🦄🐷🐘🐰🐼🐓🐧🐢🐟🐙🦋🌷",
  ..."🌳🌵🍄🌏🌙☁🔥🍌🍎🍓🌽🍕🎂❤😀🤖",
  ..."🎩👓🔧🎅👍☂⌛⏰🎁💡📕✏📎✂🔒🔑",
  ..."🔨☎🏁🚂🚲✈🚀🏆⚽🎸🎺🔔⚓🎧📁📌",
];
