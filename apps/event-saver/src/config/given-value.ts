/** Where the text of a setting came from. */
export type ConfigOrigin = 'flag' | 'environment' | 'file' | 'default'

/** A value as it was given. */
export interface GivenValue {
  /** The variable that gives the same again: that of the setting, or that of a secret's file. */
  readonly variable: string
  /** The text for that variable. */
  readonly text: string
}
