// What must be there: an item of a list whose index is in range, the value of a key that was put in before.

/**
 * The item at an index that is in range, as a capture is that every match has; throws where it is not. What may be missing is no matter
 * for this: there null stays in the type.
 */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no item at ${index} of ${list.length}`);
  return item;
}
