import { packageTests } from '@grid/config/vitest'

export default packageTests()
