/** Something that breaks a rule of the layout. */
export interface Finding {
  /** What `exceptions.ts` names it by. */
  readonly key: string
  /** What is wrong, with files and names. */
  readonly message: string
}
