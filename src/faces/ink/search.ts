// What `/` does: a text is typed, and the page shows what holds it. Pure.

/** `isTyping`: keys go into the text; after Enter they scroll through what was found. */
export type Search = { readonly wanted: string; readonly isTyping: boolean };

/** A key as Ink tells it. */
type Pressed = {
  readonly input: string;
  readonly isEscape: boolean;
  readonly isReturn: boolean;
  /** How many characters are erased: several that come in one piece each count. */
  readonly erases: number;
};

/** The search after a key: null where there is none (any more). */
export const searchAfter = (search: Search | null, { input, isEscape, isReturn, erases }: Pressed): Search | null => {
  if (search === null) return input === '/' ? { wanted: '', isTyping: true } : null;
  if (isEscape) return null;
  if (!search.isTyping) return input === '/' ? { ...search, isTyping: true } : search;
  if (isReturn) return search.wanted === '' ? null : { ...search, isTyping: false };
  if (erases > 0) return { ...search, wanted: [...search.wanted].slice(0, -erases).join('') };
  return { ...search, wanted: search.wanted + input };
};
