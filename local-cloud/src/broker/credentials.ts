import type { X509Certificate } from 'node:crypto';
import { authorizerIn, type HttpAuthentication } from '../core/http/custom-authentication.ts';
import type { Principal } from '../core/iam/principal.ts';
import type { ConnectionCredentials } from '../core/mqtt.ts';
import type { ConnectPacket } from './wire/connect-packet.ts';

/** What a connection shows of who it is, known in full once its CONNECT has come. */
export type Identify = (connect: ConnectPacket) => ConnectionCredentials;

/** The certificate of the TLS handshake. User name and password say nothing beside it (developer guide, `protocols`). */
export function byCertificate(certificate: X509Certificate, serverName: string | undefined): Identify {
  return () => ({ kind: 'certificate', certificate, ...(serverName !== undefined && { serverName }) });
}

/** What is known of a client with custom authentication before its CONNECT. */
export interface CustomConnection {
  readonly serverName?: string | undefined;
  /** Of the WebSocket upgrade. */
  readonly http?: HttpAuthentication;
}

/**
 * Custom authentication (developer guide, `custom-auth`): credentials are in the upgrade's headers or query, or in user
 * name and password of the CONNECT, whose user name may carry a query string. The upgrade's authorizer goes first.
 */
export function byCustomAuthentication({ serverName, http }: CustomConnection): Identify {
  return ({ clientId, username, password }) => {
    const inUsername = authorizerIn({ headers: {}, queryString: queryOf(username ?? '') });
    const inUpgrade = http === undefined ? {} : authorizerIn(http);
    return {
      kind: 'custom',
      request: {
        ...inUsername,
        ...inUpgrade,
        protocols: http === undefined ? ['tls', 'mqtt'] : ['tls', 'http', 'mqtt'],
        ...(serverName !== undefined && { serverName }),
        ...(http !== undefined && { http }),
        mqtt: {
          clientId,
          ...(username !== undefined && { username }),
          // A copy: the packet's own bytes belong to the reader.
          ...(password !== undefined && { password: Buffer.from(password) }),
        },
      },
    };
  };
}

/** `user?name=value` */
function queryOf(username: string): string {
  const cut = username.indexOf('?');
  return cut < 0 ? '' : username.slice(cut);
}

/** A verified signature; `expiresAt` in ms since the epoch. */
export function bySignature(principal: Principal, expiresAt: number): Identify {
  return () => ({ kind: 'aws', principal, expiresAt });
}
