/** What a key may do, in the form of `user/query-api`: an empty group grants nothing. */
export interface Permissions {
  readonly ContractTrade: readonly string[]
  readonly Spot: readonly string[]
  readonly Wallet: readonly string[]
  readonly Options: readonly string[]
  readonly Derivatives: readonly string[]
  readonly Exchange: readonly string[]
  readonly Earn: readonly string[]
}

/** A group of permissions that can be required for reading. */
export type PermissionGroup = 'ContractTrade' | 'Spot' | 'Wallet' | 'Options'

/** How a key is created; everything has a default. */
export interface ApiKeySpec {
  /** Generated when left out. */
  readonly apiKey?: string
  /** Generated when left out. */
  readonly secret?: string
  /** The public key in PEM: makes it an RSA key, which has no secret. */
  readonly rsaPublicKey?: string
  /** Default: all groups but `Earn`. */
  readonly permissions?: Partial<Permissions>
  /** Default true. */
  readonly readOnly?: boolean
  /** Addresses that may use it. Default: any. */
  readonly ips?: readonly string[]
  /** Epoch milliseconds. Default: never. */
  readonly expiresAt?: number
}

/** An API key of an account. */
export interface ApiKey {
  readonly id: string
  readonly uid: string
  readonly apiKey: string
  /** Empty for an RSA key. */
  readonly secret: string
  /** Empty for an HMAC key. */
  readonly rsaPublicKey: string
  readonly permissions: Permissions
  readonly readOnly: boolean
  /** `['*']` for any. */
  readonly ips: readonly string[]
  /** Epoch milliseconds; null for never. */
  readonly expiresAt: number | null
  readonly createdAt: number
}

/** The default permissions: all of them. */
const ALL: Permissions = {
  ContractTrade: ['Order', 'Position'],
  Spot: ['SpotTrade'],
  Wallet: ['AccountTransfer', 'SubMemberTransfer'],
  Options: ['OptionsTrade'],
  Derivatives: ['DerivativesTrade'],
  Exchange: ['ExchangeHistory'],
  Earn: [],
}

/** No permissions, to which a key's own are added. */
const NO_PERMISSIONS: Permissions = {
  ContractTrade: [],
  Spot: [],
  Wallet: [],
  Options: [],
  Derivatives: [],
  Exchange: [],
  Earn: [],
}

/** Makes a key from its spec, with generated values for what the spec leaves out. */
export function makeApiKey(
  spec: ApiKeySpec,
  made: { id: string; uid: string; apiKey: string; secret: string; now: number },
): ApiKey {
  const isRsa = spec.rsaPublicKey !== undefined
  return {
    id: made.id,
    uid: made.uid,
    apiKey: spec.apiKey ?? made.apiKey,
    secret: isRsa ? '' : (spec.secret ?? made.secret),
    rsaPublicKey: spec.rsaPublicKey ?? '',
    permissions: spec.permissions === undefined ? ALL : { ...NO_PERMISSIONS, ...spec.permissions },
    readOnly: spec.readOnly ?? true,
    ips: spec.ips ?? ['*'],
    expiresAt: spec.expiresAt ?? null,
    createdAt: made.now,
  }
}

/** Whether a key has a permission of at least one of these groups. */
export function mayRead({ permissions }: ApiKey, groups: readonly PermissionGroup[]): boolean {
  return groups.some((group) => permissions[group].length > 0)
}

/** Whether a key may be used from an address. */
export function isAllowedFrom({ ips }: ApiKey, address: string): boolean {
  return ips.includes('*') || ips.includes(address.replace(/^::ffff:/, ''))
}
