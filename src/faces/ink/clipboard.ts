// Copies text by the terminal itself: it works over SSH, where there is no other way to the user's clipboard.

/** What terminals take at the most, in bytes of base64 (xterm's own limit; others take more). */
const MOST = 74_994;

/** The text as `OSC 52 ; c ; base64 BEL` (xterm's ctlseqs); null where it is too long for it. */
export const clipboardSequence = (text: string): string | null => {
  const encoded = Buffer.from(text).toString('base64');
  return encoded.length > MOST ? null : `\x1b]52;c;${encoded}\x07`;
};
