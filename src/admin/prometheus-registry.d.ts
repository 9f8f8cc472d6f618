/** The package describes its types for the whole of it only. */
declare module '@prometheus-io/client/lib/registry.js' {
  import { Registry } from '@prometheus-io/client';

  export default Registry;
}
