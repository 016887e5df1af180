import type { Category } from '@grid/core-events'
import type { PermissionGroup } from '../keys/api-key.ts'

/** The kinds of private topics. */
export type PrivateKind = 'execution' | 'execution.fast' | 'order' | 'position' | 'wallet'

/** A private topic that can be subscribed to. */
export interface PrivateTopic {
  readonly kind: PrivateKind
  /** Null for the form that covers every category. */
  readonly category: Category | null
}

/** The categories that each kind has topics for, beside the one that covers all. */
const CATEGORIES_OF: { readonly [Kind in PrivateKind]: readonly Category[] } = {
  execution: ['linear', 'inverse', 'spot', 'option'],
  'execution.fast': ['linear', 'inverse', 'spot', 'option'],
  order: ['linear', 'inverse', 'spot', 'option'],
  position: ['linear', 'inverse', 'option'],
  wallet: [],
}
const KINDS = Object.keys(CATEGORIES_OF) as PrivateKind[]
const GROUP_OF: { readonly [Name in Category]: PermissionGroup } = {
  linear: 'ContractTrade',
  inverse: 'ContractTrade',
  spot: 'Spot',
  option: 'Options',
}

/** Reads a topic; null when there is no such topic. */
export function parsePrivateTopic(topic: string): PrivateTopic | null {
  for (const kind of KINDS) {
    if (topic === kind) return { kind, category: null }
    const category = CATEGORIES_OF[kind].find((name) => topic === `${kind}.${name}`)
    if (category !== undefined) return { kind, category }
  }
  return null
}

/** The groups of permissions of which a key needs at least one to subscribe. */
export function groupsOf({ kind, category }: PrivateTopic): PermissionGroup[] {
  if (kind === 'wallet') return ['Wallet']
  return category === null ? Object.values(GROUP_OF) : [GROUP_OF[category]]
}

/** The group of permissions needed to read a category's orders, executions and positions. */
export function groupOf(category: Category): PermissionGroup {
  return GROUP_OF[category]
}
