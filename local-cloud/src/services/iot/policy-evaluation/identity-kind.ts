import type { ConnectFeatures, ConnectionCredentials, DeviceConnection, IotAction } from '../../../core/mqtt.ts';

export type CredentialsKind = ConnectionCredentials['kind'];
export type CredentialsOf<K extends CredentialsKind> = Extract<ConnectionCredentials, { kind: K }>;

/** What a connection may do, whatever says so: policies of AWS IoT or of IAM. */
export interface ConnectionPermissions {
  isAllowed(
    connection: DeviceConnection,
    action: IotAction,
    resource: string,
    features: ConnectFeatures | undefined,
  ): boolean;
  mayCall(connection: DeviceConnection, action: string, resourceArn: string): boolean;
}

/** One way to prove an identity (developer guide, `client-authentication`), and what its connections may do. */
export interface IdentityKind<K extends CredentialsKind> extends ConnectionPermissions {
  /** Undefined when the credentials are not good. */
  authenticate(
    credentials: CredentialsOf<K>,
    clientId: string,
    sourceIp: string,
  ): DeviceConnection | undefined | Promise<DeviceConnection | undefined>;
}
