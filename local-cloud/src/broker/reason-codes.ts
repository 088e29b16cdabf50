/** MQTT 5 reason codes (MQTT 5 §2.4) that the broker sends or reads. */
export const REASON = {
  success: 0x00,
  disconnectWithWill: 0x04,
  noSubscriptionExisted: 0x11,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  notAuthorized: 0x87,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  qosNotSupported: 0x9b,
  subscriptionIdentifiersNotSupported: 0xa1,
} as const;

export type ReasonCode = (typeof REASON)[keyof typeof REASON];

/**
 * CONNACK return codes of MQTT 3.1.1 (§3.2.2.3). An unauthorized client gets 7 from AWS IoT, not 5
 * (developer guide 2023, mqtt.md, "AWS IoT differences from MQTT version 3.1.1 specification").
 */
export const RETURN_CODE = {
  accepted: 0,
  unacceptableProtocolVersion: 1,
  identifierRejected: 2,
  notAuthorizedOnAws: 7,
} as const;

/** SUBACK return code of a refused MQTT 3.1.1 subscription (§3.9.3). */
export const SUBSCRIPTION_FAILURE = 0x80;

/** Why a connection ended, as AWS's presence events name it (developer guide, life-cycle-events.html). */
export type DisconnectReason =
  | 'AUTH_ERROR'
  | 'CLIENT_INITIATED_DISCONNECT'
  | 'CLIENT_ERROR'
  | 'CONNECTION_LOST'
  | 'DUPLICATE_CLIENTID'
  | 'FORBIDDEN_ACCESS'
  | 'MQTT_KEEP_ALIVE_TIMEOUT'
  | 'SERVER_ERROR'
  | 'SERVER_INITIATED_DISCONNECT'
  | 'API_INITIATED_DISCONNECT'
  | 'THROTTLED'
  | 'WEBSOCKET_TTL_EXPIRATION'
  | 'CUSTOMAUTH_TTL_EXPIRATION';

/** A packet that ends the connection: the reason code for MQTT 5, the lifecycle reason for the presence event. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
  readonly code: ReasonCode;
  readonly disconnectReason: DisconnectReason;

  constructor(code: ReasonCode, message: string, disconnectReason: DisconnectReason = 'CLIENT_ERROR') {
    super(message);
    this.code = code;
    this.disconnectReason = disconnectReason;
  }
}

export function malformed(message: string): ProtocolViolation {
  return new ProtocolViolation(REASON.malformedPacket, message);
}

export function protocolError(message: string): ProtocolViolation {
  return new ProtocolViolation(REASON.protocolError, message);
}
