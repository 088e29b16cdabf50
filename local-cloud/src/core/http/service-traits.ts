import type { ServiceName } from '../api.ts';

/**
 * What the SDK clients keep in their configuration and not in their schemas: the prefix of `X-Amz-Target`
 * (`serviceTarget`), the XML namespace and the API version.
 */
export interface ServiceTraits {
  readonly target?: string;
  readonly xmlNamespace?: string;
  readonly version?: string;
  /** Services with one endpoint for all regions sign with `us-east-1`. */
  readonly global?: true;
  /** A second service name that requests may be signed for. */
  readonly signingAlias?: string;
  /** Code of a breach of the model's constraints, where it is not the protocol's usual one. */
  readonly validationCode?: string;
  /** Code of a refused permission, where it is not the protocol's usual one. */
  readonly deniedCode?: string;
  /** All that a refused permission says, where the service does not tell who lacks which permission. The log does. */
  readonly deniedMessage?: string;
  /** Paths below it end in one label, whose slashes need not be encoded. */
  readonly openPath?: string;
  /** Requests with larger bodies are refused. bytes */
  readonly maxBodySize?: number;
}

export const SERVICE_TRAITS: Readonly<Record<ServiceName, ServiceTraits>> = {
  acm: { target: 'CertificateManager' },
  athena: { target: 'AmazonAthena', validationCode: 'InvalidRequestException' },
  cloudformation: { xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/', version: '2010-05-15' },
  cloudwatch: {
    target: 'GraniteServiceVersion20100801',
    xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
    version: '2010-08-01',
  },
  'cloudwatch-logs': { target: 'Logs_20140328', validationCode: 'InvalidParameterException' },
  dynamodb: { target: 'DynamoDB_20120810' },
  eventbridge: { target: 'AWSEvents' },
  firehose: { target: 'Firehose_20150804' },
  glue: { target: 'AWSGlue', validationCode: 'InvalidInputException' },
  greengrassv2: {},
  iam: { xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/', version: '2010-05-08', global: true },
  iot: { validationCode: 'InvalidRequestException' },
  // Of the examples in the developer guide (`http`), some encode the topic and some do not.
  'iot-data-plane': {
    validationCode: 'InvalidRequestException',
    openPath: '/topics/',
    // "To use the APIs, you must use `iotdevicegateway` as the service name" (`device-shadow-rest-api`); SDKs sign `iotdata`.
    signingAlias: 'iotdevicegateway',
    deniedCode: 'ForbiddenException',
    deniedMessage: 'Forbidden',
  },
  'iot-jobs-data-plane': { validationCode: 'InvalidRequestException' },
  kinesis: { target: 'Kinesis_20131202' },
  kms: { target: 'TrentService' },
  // CreateFunction takes an archive of 50 MB, in base64.
  lambda: { maxBodySize: 70 * 1024 * 1024 },
  s3: { xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/' },
  scheduler: {},
  'secrets-manager': { target: 'secretsmanager' },
  sfn: { target: 'AWSStepFunctions' },
  signer: {},
  sns: {
    xmlNamespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    version: '2010-03-31',
    deniedCode: 'AuthorizationErrorException',
  },
  sqs: { target: 'AmazonSQS' },
  sts: { xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/', version: '2011-06-15', global: true },
  'timestream-query': { target: 'Timestream_20181101' },
  'timestream-write': { target: 'Timestream_20181101' },
};

/** Body of any other request: above the largest documented one, DynamoDB's BatchWriteItem of 16 MB. bytes */
export const MAX_BODY_SIZE = 24 * 1024 * 1024;
