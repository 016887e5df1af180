/** A fault of the configuration: where it is, what is wrong, and how to mend it. */
export interface ConfigFault {
  /** The variable, flag or file that the operator has to mend. */
  readonly where: string
  readonly problem: string
  readonly fix: string
}
