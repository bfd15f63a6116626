// What can stand where a command's argument is.

/** Words by the name of the argument: of a scenario, those there are. */
export type ArgumentWords = Readonly<Record<string, readonly string[]>>;
