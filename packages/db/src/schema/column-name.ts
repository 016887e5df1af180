/** Fields whose columns have the name that the Python predecessor gave them. */
const RENAMED = {
  execPnl: 'closed_pnl',
  orderStatus: 'status',
  availableToWithdraw: 'available_balance',
} as const

/**
 * The name of the column that holds a field: in snake case, without the unit of an instant.
 *
 * @example
 * columnName('positionIMByMp') // 'position_im_by_mp'
 */
export function columnName(field: string): string {
  const renamed: Readonly<Record<string, string>> = RENAMED
  return (
    renamed[field] ??
    field
      .replace(/Us$/, '')
      .replace(/([a-z\d])([A-Z])/g, '$1_$2')
      .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
      .toLowerCase()
  )
}

/** {@link columnName} as a type. */
export type ColumnName<Field extends string> = Field extends keyof typeof RENAMED
  ? (typeof RENAMED)[Field]
  : SnakeCase<Field extends `${infer Instant}Us` ? Instant : Field>

type SnakeCase<
  Text extends string,
  Before extends 'start' | 'lower' | 'upper' = 'start',
> = Text extends `${infer Head}${infer Tail}`
  ? IsUpper<Head> extends true
    ? `${Separator<Before, Tail>}${Lowercase<Head>}${SnakeCase<Tail, 'upper'>}`
    : `${Head}${SnakeCase<Tail, 'lower'>}`
  : ''

/** Words begin at a capital after a small letter, and at the last of several capitals. */
type Separator<Before, Tail extends string> = Before extends 'lower'
  ? '_'
  : Before extends 'upper'
    ? StartsLower<Tail> extends true
      ? '_'
      : ''
    : ''

type IsUpper<Letter extends string> = Letter extends Lowercase<Letter> ? false : true

type StartsLower<Text extends string> = Text extends `${infer Head}${string}`
  ? Head extends Uppercase<Head>
    ? false
    : true
  : false
