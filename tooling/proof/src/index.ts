export { COMPARED, type ComparedName } from './channels/comparisons.ts'
export { type ChannelProof, compareWithTruth, type Proof } from './compare.ts'
export { type AccountsProof, type AccountTruth, compareAccounts } from './compare-accounts.ts'
