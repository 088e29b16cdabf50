import type { DeviceClock } from '../clock.ts';
import type { ProxySettings } from './proxy-tunnel.ts';

/** A key on a PKCS#11 token, by its label there; and how to reach the token. */
export interface TokenKey {
  /** Absolute path of the token's PKCS#11 library. */
  readonly library: string;
  readonly tokenLabel: string;
  readonly keyLabel: string;
  /** PIN of the token's user. */
  readonly pin: string;
}

/** Published by the broker when the connection ends without a goodbye (MQTT 5 §3.1.2.5). */
export interface LastWill {
  readonly topic: string;
  readonly payload: string;
  readonly qos?: 0 | 1;
}

/** Where and as whom to connect. The private key is either in `privateKeyPem` or on a `token`. */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** PEM of the CA that signs the server; undefined means the system's trust store, as for AWS itself. */
  readonly serverCaPem?: string | undefined;
  /** By way of which the server is reached. @default directly */
  readonly proxy?: ProxySettings | undefined;
  readonly certificatePem: string;
  readonly privateKeyPem?: string | undefined;
  readonly token?: TokenKey | undefined;
  readonly clientId: string;
  readonly will?: LastWill | undefined;
  /** seconds; AWS IoT allows 30 to 1200 */
  readonly keepAlive?: number;
  /** seconds for which the session outlives its connection; 0 begins anew each time */
  readonly sessionExpiry?: number;
  /** ms, longest wait between two attempts to connect. @default 60000 */
  readonly maxReconnectDelay?: number;
  readonly clock?: DeviceClock;
}
