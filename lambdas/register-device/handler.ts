import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  IoTClient,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { readEnvironment } from '../shared/environment.ts';
import { errorName } from '../shared/errors.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { handleByKey, type QueueEvent, type QueueResponse } from '../shared/queue-batch.ts';
import { readAdmission } from '../shared/read-admission.ts';
import { type RegistrationPorts, registerDevice } from './register-device.ts';
import { environmentSchema, type Registration, registrationSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const settings = {
  admission: environment.ADMISSION,
  sites: environment.SITES,
  deviceTypes: environment.DEVICE_TYPES,
  topicRoot: environment.TOPIC_ROOT,
  policies: environment.DEVICE_POLICIES,
};
const dynamodb = new DynamoDBClient({});
const iot = new IoTClient({ maxAttempts: 6, retryMode: 'adaptive' });

/** ms */
const LOOKUP_LIMIT = 5_000;
const arnOf = (certificateId: string) => `${environment.CERTIFICATE_ARN_PREFIX}${certificateId}`;

const ports: RegistrationPorts = {
  async certificate(certificateId) {
    try {
      const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
      return {
        status: certificateDescription?.status ?? '',
        pem: certificateDescription?.certificatePem ?? '',
      };
    } catch (error) {
      if (errorName(error) === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  },
  findAdmission: (serialNumber) => readAdmission(dynamodb, environment.ADMISSIONS_TABLE, serialNumber, LOOKUP_LIMIT),
  async makeThing({ attributes, thingName, thingTypeName }) {
    try {
      await iot.send(new CreateThingCommand({ thingName, thingTypeName, attributePayload: { attributes } }));
      return undefined;
    } catch (error) {
      if (errorName(error) !== 'ResourceAlreadyExistsException') throw error;
      const thing = await iot.send(new DescribeThingCommand({ thingName }));
      return { thingTypeName: thing.thingTypeName ?? '', attributes: thing.attributes ?? {} };
    }
  },
  async attachThing(thingName, certificateId) {
    await iot.send(new AttachThingPrincipalCommand({ thingName, principal: arnOf(certificateId) }));
  },
  async joinGroup(thingName, thingGroupName) {
    await iot.send(new AddThingToThingGroupCommand({ thingName, thingGroupName }));
  },
  async attachPolicy(policyName, certificateId) {
    await iot.send(new AttachPolicyCommand({ policyName, target: arnOf(certificateId) }));
  },
  async activate(certificateId) {
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
  },
};

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const failed = await handleByKey(event.Records, read, handle, (messageId, problem) =>
    logger.error('message left to the queue', { messageId, problem }),
  );
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

function read(body: string): { key: string; message: Registration } {
  const message = registrationSchema.parse(JSON.parse(body));
  return { key: message.certificateId, message };
}

async function handle(certificateId: string, registration: Registration): Promise<void> {
  const outcome = await registerDevice(registration, settings, ports);
  if (outcome.kind === 'registered') metrics.addMetric('devicesRegistered', MetricUnit.Count, 1);
  else if (outcome.kind === 'refused') metrics.addMetric('devicesRefused', MetricUnit.Count, 1);
  logger.info('certificate of a CA', { certificateId, outcome });
}
