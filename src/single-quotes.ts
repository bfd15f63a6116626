// The one way to quote for a shell: between single quotes nothing is interpreted.

/** Text as a POSIX shell and zsh read it back, as one word. */
export const inSingleQuotes = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
