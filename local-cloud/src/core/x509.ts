import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

/** `@peculiar/x509` on Node's own WebCrypto. Import it from here: the package needs its polyfill loaded first. */
export { x509 };
