import type { X509Certificate } from 'node:crypto';
import type { RawRequest, RawResponse } from './api.ts';

/** The credentials provider of AWS IoT (developer guide, `authorizing-direct-aws`), asked by the devices' endpoint. */
export interface DeviceCredentialsProvider {
  /**
   * Answers `GET /role-aliases/<alias>/credentials`; undefined for a request that is none of its own. Never rejects.
   *
   * @param certificate of the connection, whose key the client has proven to hold
   */
  answer(
    request: Pick<RawRequest, 'method' | 'headers'> & { readonly path: string },
    certificate: X509Certificate | undefined,
    sourceIp: string,
  ): Promise<RawResponse> | undefined;
}
