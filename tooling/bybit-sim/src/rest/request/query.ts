import { CATEGORIES, type Category } from '@grid/core-events'
import type { Desk } from '../../market/desk.ts'
import type { Market } from '../../market/market.ts'
import { badParameter } from './refusal.ts'

/** The query parameters of a request; throws the exchange's refusal (10001) for a bad one. */
export class Query {
  readonly #params: URLSearchParams

  constructor(params: URLSearchParams) {
    this.#params = params
  }

  /** A parameter's text; empty when it was not sent. */
  text(name: string): string {
    return this.#params.get(name) ?? ''
  }

  /** The category, which must be one that the endpoint knows. */
  category(known: readonly Category[] = CATEGORIES, byDefault: Category | '' = ''): Category {
    const name = this.text('category') || byDefault
    const category = known.find((candidate) => candidate === name)
    if (category === undefined) throw badParameter('params error: Category is invalid')
    return category
  }

  /** The instrument that `symbol` names, listed or not; undefined when none was sent. */
  desk(market: Market, category: Category): Desk | undefined {
    const symbol = this.text('symbol')
    if (symbol === '') return undefined
    const desk = market.find(category, symbol)
    if (desk === undefined) throw badParameter('Not supported symbols')
    return desk
  }

  /** The instrument that `symbol` names, for endpoints that require one. */
  requiredDesk(market: Market, category: Category): Desk {
    const desk = this.desk(market, category)
    if (desk === undefined) throw badParameter('params error: symbol is required')
    return desk
  }

  /** The length of a page; a value out of range becomes the nearest allowed one. */
  limit(byDefault: number, most: number): number {
    return Math.min(most, Math.max(1, this.integer('limit') ?? byDefault))
  }

  /** A parameter's number; null when it was not sent. */
  integer(name: string): number | null {
    const text = this.text(name)
    if (text === '') return null
    if (!/^\d{1,15}$/.test(text)) throw badParameter(`params error: ${name} is not a number`)
    return Number(text)
  }
}
