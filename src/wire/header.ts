import type { Command } from "./command.ts";

/** A command without its body: what the header carries in either form. */
export type Header = Omit<Command, "form" | "body">;

/** By their code in the binary form. Source: LanguageCode. */
const LANGUAGES = [
  "JAVA",
  "CPP",
  "DOTNET",
  "PYTHON",
  "DELPHI",
  "ERLANG",
  "RUBY",
  "OTHER",
  "HTTP",
  "GO",
  "PHP",
  "OMS",
  "RUST",
  "NODE_JS",
];

/** The one name that every peer knows and that does not claim to be somebody else. */
export const OUR_LANGUAGE = "OTHER";

/** The name of a language, undefined for a code that came later. */
export function languageName(code: number): string | undefined {
  return LANGUAGES[code];
}

/** The code of a language; a name without one is as good as OTHER. */
export function languageCode(name: string | undefined): number {
  const code = name === undefined ? -1 : LANGUAGES.indexOf(name);
  return code >= 0 ? code : LANGUAGES.indexOf(OUR_LANGUAGE);
}
