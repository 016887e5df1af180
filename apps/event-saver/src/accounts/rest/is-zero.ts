/** Whether a decimal is zero, however it is written; null, which says nothing, counts as zero. */
export function isZero(decimal: string | null): boolean {
  return !/[1-9]/.test(decimal?.split(/e/i)[0] ?? '')
}
