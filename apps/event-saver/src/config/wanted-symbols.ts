import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CATEGORIES, type Category, isSymbol } from '@grid/core-events'
import { isShownText, shownText } from './shown-text.ts'

/** What is captured of one category: named instruments, or all that trade. */
export interface WantedSymbols {
  readonly category: Category
  /** Capture every trading instrument, as they list and delist. */
  readonly all: boolean
  /** Named instruments; empty when all are captured. */
  readonly names: readonly string[]
}

/** A fault of a list of symbols. */
export interface SymbolsFault {
  readonly problem: string
  readonly fix: string
}

/** An option's name ends with its kind, and sometimes with its settlement coin: BTC-26DEC25-120000-C-USDT. */
const OPTION_NAME = /-[CP](-[A-Z]+)?$/

interface Entry {
  /** Null stands for every category that can have such a name. */
  readonly category: Category | null
  readonly name: string
}

/**
 * Reads a list of symbols: names, `*` for all, and `@file` with one name a line, each with an optional
 * category before it (`spot:BTCUSDT`, `option:*`).
 *
 * A name without a category counts for every configured category but `option`, the name of an option
 * for `option` alone.
 *
 * @example
 * readWantedSymbols('BTCUSDT,option:*', ['linear', 'option'], cwd)
 */
export function readWantedSymbols(
  text: string,
  categories: readonly Category[],
  cwd: string,
): { wanted: WantedSymbols[] } | { faults: SymbolsFault[] } {
  const faults: SymbolsFault[] = []
  const parts = splitList(text)
  if (parts.length === 0) faults.push({ problem: 'names no symbol', fix: 'for example BTCUSDT' })
  const entries = parts.flatMap((part) => readEntry(part, cwd, faults))
  for (const { category, name } of entries) {
    if (category !== null && categories.length > 0 && !categories.includes(category)) {
      faults.push({
        problem: `${category}:${name} is of a category that is not captured`,
        fix: `add ${category} to EVENTSAVER_CATEGORY`,
      })
    }
  }
  const wanted = categories.map((category): WantedSymbols => {
    const names = entries.filter((entry) => appliesTo(entry, category)).map(({ name }) => name)
    const all = names.includes('*')
    return { category, all, names: all ? [] : [...new Set(names)] }
  })
  for (const { category, all, names } of wanted) {
    if (all || names.length > 0 || faults.length > 0) continue
    faults.push({
      problem: `names no symbol of category ${category}`,
      fix: category === 'option' ? 'for example option:*' : `for example ${category}:BTCUSDT`,
    })
  }
  return faults.length > 0 ? { faults } : { wanted }
}

function appliesTo({ category, name }: Entry, target: Category): boolean {
  if (category !== null) return category === target
  return name === '*' || OPTION_NAME.test(name) === (target === 'option')
}

function readEntry(part: string, cwd: string, faults: SymbolsFault[]): Entry[] {
  const [prefix, rest] = part.includes(':') ? splitOnce(part) : [null, part]
  const category = CATEGORIES.find((known) => known === prefix?.toLowerCase()) ?? null
  if (prefix !== null && category === null) {
    faults.push({
      problem: `${shownText(part)} begins with an unknown category`,
      fix: `known are ${CATEGORIES.join(', ')}`,
    })
    return []
  }
  const names = rest.startsWith('@')
    ? readFile(rest.slice(1), cwd, faults)
    : [{ name: rest, shown: shownText(rest) }]
  return names.flatMap(({ name, shown }) => {
    // Only ASCII: other letters may have a capital that is another name.
    const upper = name.replace(/[a-z]/g, (letter) => letter.toUpperCase())
    if (upper === '*' || (isSymbol(upper) && !/[*:@]/.test(upper)))
      return [{ category, name: upper }]
    faults.push({
      problem: `${shown} is not an instrument's name`,
      fix: 'for example BTCUSDT, spot:BTCUSDT, * or @symbols.txt',
    })
    return []
  })
}

interface ShownName {
  readonly name: string
  /** What stands for it in a message. */
  readonly shown: string
}

/** The names in a file. Messages show the lines' numbers only, as it may be another file, of secrets. */
function readFile(path: string, cwd: string, faults: SymbolsFault[]): ShownName[] {
  const file = isShownText(path) ? `@${path}` : 'the file behind @'
  try {
    const lines = readFileSync(resolve(cwd, path), 'utf8').split('\n')
    return lines
      .map((line, index) => ({
        name: line.replace(/#.*/, '').trim(),
        shown: `line ${index + 1} of ${file}`,
      }))
      .filter(({ name }) => name !== '')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error
    faults.push({ problem: `cannot read ${file} (${reason})`, fix: 'name a readable file' })
    return []
  }
}

function splitOnce(part: string): [string, string] {
  const at = part.indexOf(':')
  return [part.slice(0, at), part.slice(at + 1)]
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
