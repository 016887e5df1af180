import { libraryBuild } from '@grid/config/tsup'

export default libraryBuild()
