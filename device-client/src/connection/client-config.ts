import { http, io, iot, mqtt5 } from 'aws-iot-device-sdk-v2';
import { DeviceError, reasonOf } from '../errors.ts';
import type { ConnectionOptions } from './connection-options.ts';

const MAX_RECONNECT_DELAY = 60_000;
const MIN_RECONNECT_DELAY = 1_000;
const DEFAULT_KEEP_ALIVE = 60;
/** ms; a broker that takes longer is treated as gone. */
const CONNACK_TIMEOUT = 20_000;
/** seconds until an unanswered QoS 1 publish fails and is sent again by its owner */
const ACK_TIMEOUT = 30;

type Builder = iot.AwsIotMqtt5ClientConfigBuilder;

/** Token libraries are loaded once and stay: `C_Initialize` is of the whole process. */
const libraries = new Map<string, io.Pkcs11Lib>();

/** @throws DeviceError `INPUT_INVALID` without a key, `KEY_UNUSABLE` when token or library cannot be used */
export function clientConfig(options: ConnectionOptions): mqtt5.Mqtt5ClientConfig {
  const builder = mutualTls(options);
  builder.withPort(options.port);
  if (options.serverCaPem !== undefined) builder.withCertificateAuthority(options.serverCaPem);
  if (options.proxy !== undefined) {
    const { host, password, port, username } = options.proxy;
    const { Basic, None } = http.HttpProxyAuthenticationType;
    builder.withHttpProxyOptions(
      new http.HttpProxyOptions(
        host,
        port,
        username === undefined ? None : Basic,
        username,
        password,
        undefined,
        http.HttpProxyConnectionType.Tunneling,
      ),
    );
  }
  const sessionExpiry = options.sessionExpiry ?? 0;
  builder.withConnectProperties({
    clientId: options.clientId,
    keepAliveIntervalSeconds: options.keepAlive ?? DEFAULT_KEEP_ALIVE,
    ...(sessionExpiry > 0 && { sessionExpiryIntervalSeconds: sessionExpiry }),
    ...(options.will !== undefined && {
      will: { topicName: options.will.topic, payload: options.will.payload, qos: qosOf(options.will.qos ?? 1) },
    }),
  });
  builder.withSessionBehavior(
    sessionExpiry > 0 ? mqtt5.ClientSessionBehavior.RejoinPostSuccess : mqtt5.ClientSessionBehavior.Clean,
  );
  builder.withRetryJitterMode(mqtt5.RetryJitterType.Full);
  builder.withMinReconnectDelayMs(MIN_RECONNECT_DELAY);
  builder.withMaxReconnectDelayMs(options.maxReconnectDelay ?? MAX_RECONNECT_DELAY);
  builder.withConnackTimeoutMs(CONNACK_TIMEOUT);
  builder.withAckTimeoutSeconds(ACK_TIMEOUT);
  builder.withOfflineQueueBehavior(mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect);
  try {
    return builder.build();
  } catch (error) {
    if (options.token === undefined) throw error;
    const { keyLabel, tokenLabel } = options.token;
    throw new DeviceError('KEY_UNUSABLE', `key '${keyLabel}' on token '${tokenLabel}': ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

export function qosOf(qos: 0 | 1): mqtt5.QoS {
  return qos === 1 ? mqtt5.QoS.AtLeastOnce : mqtt5.QoS.AtMostOnce;
}

function mutualTls({ certificatePem, host, privateKeyPem, token }: ConnectionOptions): Builder {
  if (token !== undefined) {
    return iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPkcs11(host, {
      pkcs11_lib: loaded(token.library),
      user_pin: token.pin,
      token_label: token.tokenLabel,
      private_key_object_label: token.keyLabel,
      cert_file_contents: certificatePem,
    });
  }
  if (privateKeyPem === undefined) throw new DeviceError('INPUT_INVALID', 'a connection needs a private key');
  return iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(host, certificatePem, privateKeyPem);
}

function loaded(path: string): io.Pkcs11Lib {
  const known = libraries.get(path);
  if (known !== undefined) return known;
  try {
    const library = new io.Pkcs11Lib(path, io.Pkcs11Lib.InitializeFinalizeBehavior.DEFAULT);
    libraries.set(path, library);
    return library;
  } catch (error) {
    throw new DeviceError('KEY_UNUSABLE', `cannot load the PKCS#11 library ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
