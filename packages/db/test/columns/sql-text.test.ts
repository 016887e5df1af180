import { expect, it } from 'vitest'
import { listText, sqlText } from '../../src/columns/sql-text.ts'

it('a statement loses the indentation of the source, and inserted lines get that of their place', () => {
  const condition = sqlText`
    symbol = $1
      and size > 0`
  const statement = sqlText`
    select *
    from (
      select size
      from trades
      where ${condition}
      ${''}
      limit ${'5'}
    ) as page`
  expect(statement.split('\n')).toEqual([
    'select *',
    'from (',
    '  select size',
    '  from trades',
    '  where symbol = $1',
    '    and size > 0',
    '  limit 5',
    ') as page',
  ])
})

it('a long list goes over several lines', () => {
  const names = Array.from({ length: 12 }, (_, n) => `column_${n}`)
  const lines = listText(names).split('\n')
  expect(lines.join(' ')).toBe(names.join(', '))
  expect(lines).toHaveLength(2)
})
