/** Finds the words: the dictionary of a language, and the text of an error with its braces filled. */

import { type ErrorCode, type ErrorLanguage, type ErrorText, errorTexts } from "../types/errors";
import { en } from "./en";
import { fr, type Texts } from "./fr";

export type { Texts } from "./fr";

export const dictionaries: Readonly<Record<ErrorLanguage, Texts>> = { fr, en };

/** The error's message and help in `language`. A sentence whose `{brace}` nobody can fill is left out. */
export function errorText(
  code: ErrorCode,
  language: ErrorLanguage,
  filling: Readonly<Record<string, string | number>> = {},
): ErrorText {
  const { message, help } = errorTexts[code][language];
  return { message: filled(message, filling), help: filled(help, filling) };
}

function filled(text: string, filling: Readonly<Record<string, string | number>>): string {
  return text
    .split(/(?<=[.!?…])\s+(?=\p{Lu})/u)
    .map((sentence) => sentence.replace(/\{(\w+)\}/g, (brace, key: string) => String(filling[key] ?? brace)))
    .filter((sentence) => !/\{\w+\}/.test(sentence))
    .join(" ");
}
