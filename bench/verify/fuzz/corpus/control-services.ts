import * as cloudformation from '@aws-sdk/client-cloudformation';
import * as iam from '@aws-sdk/client-iam';
import * as iot from '@aws-sdk/client-iot';
import * as data from '@aws-sdk/client-iot-data-plane';
import * as lambda from '@aws-sdk/client-lambda';
import * as sts from '@aws-sdk/client-sts';
import { certificateSigningRequest, generatePrivateKey } from '../../../../device-client/src/index.ts';
import type { Capture, CorpusRequest } from './capture.ts';
import { storedZip } from './stored-zip.ts';

const NAME = 'verify';
const GONE = 'verify-gone';
const IOT_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['iot:Connect'],
      Resource: ['arn:aws:iot:us-east-1:111122223333:client/${iot:ClientId}'],
    },
  ],
});
const ROLE_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['sqs:SendMessage', 's3:Get*'],
      Resource: '*',
      Condition: { StringLike: { 'aws:PrincipalTag/a': 'b*' }, IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    },
  ],
});
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: ['iot.amazonaws.com', 'lambda.amazonaws.com', 'firehose.amazonaws.com'] },
      Action: 'sts:AssumeRole',
    },
    { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'sts:AssumeRole' },
  ],
});
const TEMPLATE = JSON.stringify({
  Parameters: { SerialNumber: { Type: 'String' } },
  Resources: {
    thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'SerialNumber' } } },
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
    },
  },
});

/** What the requests refer to. `roleArn` is made by one of them; the certificate is there already. */
export interface References {
  readonly roleArn: string;
  readonly certificateArn: string;
}

/** Requests of the services that hold definitions, creations first. */
export async function controlServiceRequests(capture: Capture, references: References): Promise<CorpusRequest[]> {
  const { settings } = capture;
  const { roleArn } = references;
  return [
    ...(await capture.requests('iam', new iam.IAMClient(settings), [
      new iam.CreateRoleCommand({
        RoleName: NAME,
        AssumeRolePolicyDocument: TRUST,
        Description: 'd',
        MaxSessionDuration: 3600,
      }),
      new iam.PutRolePolicyCommand({ RoleName: NAME, PolicyName: 'p', PolicyDocument: ROLE_POLICY }),
      new iam.GetRoleCommand({ RoleName: NAME }),
      new iam.GetRolePolicyCommand({ RoleName: NAME, PolicyName: 'p' }),
      new iam.ListRolesCommand({ PathPrefix: '/', MaxItems: 5 }),
      new iam.UpdateAssumeRolePolicyCommand({ RoleName: NAME, PolicyDocument: TRUST }),
      new iam.AttachRolePolicyCommand({
        RoleName: NAME,
        PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
      }),
      new iam.SimulatePrincipalPolicyCommand({
        PolicySourceArn: roleArn,
        ActionNames: ['sqs:SendMessage'],
        ResourceArns: ['arn:aws:sqs:us-east-1:111122223333:x'],
      }),
      new iam.DeleteRoleCommand({ RoleName: GONE }),
    ])),
    ...(await capture.requests('sts', new sts.STSClient(settings), [
      new sts.GetCallerIdentityCommand({}),
      new sts.AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'session', DurationSeconds: 900 }),
    ])),
    ...(await iotRequests(capture, references)),
    ...(await capture.requests('iotdata', new data.IoTDataPlaneClient(settings), [
      new data.PublishCommand({ topic: 'verify/a', qos: 1, payload: Buffer.from('{"a":1}') }),
      new data.GetThingShadowCommand({ thingName: NAME }),
    ])),
    ...(await lambdaRequests(capture, roleArn)),
    ...(await capture.requests('cloudformation', new cloudformation.CloudFormationClient(settings), [
      new cloudformation.DescribeStacksCommand({ StackName: NAME }),
    ])),
  ];
}

async function iotRequests(capture: Capture, { certificateArn, roleArn }: References): Promise<CorpusRequest[]> {
  const certificateId = certificateArn.slice(certificateArn.indexOf('/') + 1);
  const certificateSigningRequestPem = await certificateSigningRequest(generatePrivateKey(), NAME);
  const sql = (statement: string): iot.TopicRulePayload => {
    return {
      sql: statement,
      awsIotSqlVersion: '2016-03-23',
      actions: [{ sqs: { queueUrl: 'https://localhost/1/none', roleArn } }],
    };
  };
  return capture.requests('iot', new iot.IoTClient(capture.settings), [
    new iot.CreateThingTypeCommand({ thingTypeName: NAME, thingTypeProperties: { searchableAttributes: ['a'] } }),
    new iot.CreateThingCommand({ thingName: NAME, attributePayload: { attributes: { a: 'b' } } }),
    new iot.UpdateThingCommand({
      thingName: NAME,
      attributePayload: { attributes: { c: 'd' }, merge: true },
      expectedVersion: 1,
    }),
    new iot.DescribeThingCommand({ thingName: NAME }),
    new iot.ListThingsCommand({ maxResults: 5, attributeName: 'a', attributeValue: 'b' }),
    new iot.CreateThingGroupCommand({ thingGroupName: NAME, thingGroupProperties: { thingGroupDescription: 'd' } }),
    new iot.AddThingToThingGroupCommand({ thingGroupName: NAME, thingName: NAME }),
    new iot.CreatePolicyCommand({ policyName: NAME, policyDocument: IOT_POLICY }),
    new iot.CreatePolicyVersionCommand({ policyName: NAME, policyDocument: IOT_POLICY, setAsDefault: true }),
    new iot.GetPolicyCommand({ policyName: NAME }),
    new iot.AttachPolicyCommand({ policyName: NAME, target: certificateArn }),
    new iot.ListThingPrincipalsCommand({ thingName: NAME }),
    new iot.CreateCertificateFromCsrCommand({
      certificateSigningRequest: certificateSigningRequestPem,
      setAsActive: true,
    }),
    new iot.UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }),
    new iot.DescribeCertificateCommand({ certificateId }),
    new iot.CreateTopicRuleCommand({
      ruleName: NAME,
      topicRulePayload: sql(
        "SELECT a.b AS c, topic(2) AS t, timestamp() AS now FROM 'verify/rules/+' WHERE a.b > 3 AND NOT isNull(x)",
      ),
    }),
    new iot.ReplaceTopicRuleCommand({
      ruleName: NAME,
      topicRulePayload: sql(
        "SELECT *, (SELECT v FROM l WHERE v > 1) AS l, encode(*, 'base64') AS e, 1 + 2 * -3 / 4 % 5 AS n FROM 'verify/rules'",
      ),
    }),
    new iot.ReplaceTopicRuleCommand({
      ruleName: NAME,
      topicRulePayload: sql(
        "SELECT CASE a WHEN 1 THEN 'x' ELSE get([1,2],0) END AS c, regexp_matches(b, '^a+$') AS m, cast(c AS Decimal) AS d FROM 'verify/#'",
      ),
    }),
    new iot.GetTopicRuleCommand({ ruleName: NAME }),
    new iot.ListTopicRulesCommand({ topic: 'verify/rules/x', maxResults: 5 }),
    new iot.CreateProvisioningTemplateCommand({
      templateName: NAME,
      provisioningRoleArn: roleArn,
      templateBody: TEMPLATE,
      enabled: true,
      preProvisioningHook: {
        targetArn: 'arn:aws:lambda:us-east-1:111122223333:function:none',
        payloadVersion: '2020-04-01',
      },
    }),
    new iot.DescribeProvisioningTemplateCommand({ templateName: NAME }),
    new iot.DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
    new iot.TagResourceCommand({
      resourceArn: `arn:aws:iot:us-east-1:111122223333:thinggroup/${NAME}`,
      tags: [{ Key: 'a', Value: 'b' }],
    }),
    new iot.SearchIndexCommand({ queryString: 'thingName:*' }),
    new iot.DeleteThingCommand({ thingName: GONE }),
  ]);
}

function lambdaRequests(capture: Capture, roleArn: string): Promise<CorpusRequest[]> {
  const ZipFile = storedZip('index.mjs', 'export const handler = async (event) => event;\n');
  return capture.requests('lambda', new lambda.LambdaClient(capture.settings), [
    new lambda.CreateFunctionCommand({
      FunctionName: NAME,
      Role: roleArn,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile },
      Timeout: 3,
      MemorySize: 128,
      Environment: { Variables: { MODE: 'b' } },
    }),
    new lambda.GetFunctionCommand({ FunctionName: NAME }),
    new lambda.GetFunctionConfigurationCommand({ FunctionName: NAME, Qualifier: '$LATEST' }),
    new lambda.UpdateFunctionConfigurationCommand({
      FunctionName: NAME,
      Timeout: 5,
      Environment: { Variables: { MODE: 'c' } },
    }),
    new lambda.InvokeCommand({ FunctionName: NAME, Payload: Buffer.from('{"a":[1]}'), LogType: 'Tail' }),
    new lambda.InvokeCommand({ FunctionName: 'none', InvocationType: 'Event', Payload: Buffer.from('{}') }),
    new lambda.ListFunctionsCommand({ MaxItems: 5 }),
    new lambda.AddPermissionCommand({
      FunctionName: NAME,
      StatementId: 's',
      Action: 'lambda:InvokeFunction',
      Principal: 'iot.amazonaws.com',
      SourceArn: 'arn:aws:iot:us-east-1:111122223333:rule/x',
    }),
    new lambda.GetPolicyCommand({ FunctionName: NAME }),
    new lambda.PutFunctionConcurrencyCommand({ FunctionName: NAME, ReservedConcurrentExecutions: 1 }),
    new lambda.CreateEventSourceMappingCommand({
      FunctionName: NAME,
      EventSourceArn: 'arn:aws:sqs:us-east-1:111122223333:none',
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    }),
    new lambda.ListEventSourceMappingsCommand({ FunctionName: NAME }),
    new lambda.DeleteFunctionCommand({ FunctionName: GONE }),
  ]);
}
