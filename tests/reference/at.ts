/** Element `i` of `values`; reading past the end is a mistake and says so, instead of turning into NaN. */
export function at<T>(values: { readonly [index: number]: T; readonly length: number }, i: number): T {
  const value = values[i];
  if (value === undefined) throw new RangeError(`index ${i} of ${values.length}`);
  return value;
}
