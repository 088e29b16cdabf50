import type { DeviceConnection, MqttMessage, ReservedTopicHandler } from '../../../core/mqtt.ts';
import type { IotService } from '../iot-service.ts';
import { PAYLOAD_FORMATS, type PayloadFormat } from './payload-format.ts';
import { registerThing } from './register-thing.ts';
import { ProvisioningRejection, rejectionOf } from './rejection.ts';

type Payload = Readonly<Record<string, unknown>>;
type Answer = (topic: string, payload: Payload, connection: DeviceConnection) => Promise<object>;

/**
 * The device provisioning MQTT API (developer guide, `fleet-provision-api`). Each request is answered on its own topic
 * plus `/accepted` or `/rejected`, to the client that asked.
 */
export function provisioningTopics(service: IotService): ReservedTopicHandler[] {
  return PAYLOAD_FORMATS.flatMap((format) => [
    handler(service, format, `$aws/certificates/create/${format.name}`, () => createKeysAndCertificate(service)),
    handler(service, format, `$aws/certificates/create-from-csr/${format.name}`, (_topic, payload) =>
      createCertificateFromCsr(service, payload),
    ),
    handler(service, format, `$aws/provisioning-templates/+/provision/${format.name}`, (topic, payload, connection) =>
      registerThing(service, connection, topic.split('/')[2] as string, payload),
    ),
  ]);
}

function handler(service: IotService, format: PayloadFormat, filter: string, answer: Answer): ReservedTopicHandler {
  return {
    filter,
    async handle(message: MqttMessage, connection: DeviceConnection) {
      const broker = service.context.ports.get('broker');
      const reply = (suffix: string, value: object): void =>
        broker.reply(connection.clientId, `${message.topic}/${suffix}`, format.write(value));
      try {
        const result = await answer(message.topic, format.read(message.payload), connection);
        reply('accepted', result);
      } catch (error) {
        const rejection = rejectionOf(error);
        const level = rejection.payload.statusCode === 500 ? 'error' : 'info';
        service.context.log(level, 'provisioning request rejected', {
          topic: message.topic,
          clientId: connection.clientId,
          ...rejection.payload,
          ...(rejection.cause instanceof Error ? { cause: rejection.cause.message } : {}),
        });
        reply('rejected', rejection.payload);
      }
    },
  };
}

async function createKeysAndCertificate(service: IotService): Promise<object> {
  const { certificatePem, privateKeyPem } = await service.authority.issueWithKeys();
  const made = await registerPending(service, certificatePem);
  return { ...made, privateKey: privateKeyPem };
}

async function createCertificateFromCsr(service: IotService, payload: Payload): Promise<object> {
  const { certificateSigningRequest } = payload;
  if (typeof certificateSigningRequest !== 'string') {
    throw new ProvisioningRejection(400, 'InvalidRequest', 'certificateSigningRequest must be a PEM-encoded string');
  }
  const { certificatePem } = await service.authority.issueFromCsr(certificateSigningRequest);
  return registerPending(service, certificatePem);
}

/** "The new certificate has a PENDING_ACTIVATION status." */
async function registerPending(service: IotService, certificatePem: string): Promise<object> {
  const { id } = service.registry.certificates.register(certificatePem, 'PENDING_ACTIVATION');
  const certificateOwnershipToken = service.ownershipTokens.issue(id);
  await service.context.store.durable();
  return { certificateId: id, certificatePem, certificateOwnershipToken };
}
