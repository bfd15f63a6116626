// Names a case.

/** A case's name: the time, and enough chance that two of a second differ. Fits into a log prefix and a rule's comment. */
export const nameCase = (now: Date): string => {
  const time = now.toISOString().replace(/\D/g, '').slice(4, 12);
  return `${time}${Math.floor(Math.random() * 36 ** 2)
    .toString(36)
    .padStart(2, '0')}`;
};
