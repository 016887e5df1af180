export { COMPARED, type ComparedName } from './channels/comparisons.ts'
export { type ChannelProof, compareWithTruth, type Proof } from './compare.ts'
export {
  type AccountsComparison,
  type AccountsProof,
  type AccountTruth,
  compareAccounts,
} from './compare-accounts.ts'
