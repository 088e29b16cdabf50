import { claimClientId, type PlatformNames } from '@fleetwright/contracts';
import type { IotPolicyDocument } from '../device-registry/policy-size.ts';

/**
 * What a claim certificate may do: hand in a certificate signing request and register through the one template.
 * It reads only the answers. Its client ids begin with the template's name, so that a stolen claim cannot take over the
 * session of a device.
 * @param arnPrefix `arn:aws:iot:<region>:<account>:`
 */
export function claimPolicyDocument(arnPrefix: string, names: PlatformNames): IotPolicyDocument {
  const requests = [
    '$aws/certificates/create-from-csr/json',
    `$aws/provisioning-templates/${names.provisioningTemplate}/provision/json`,
  ];
  const answers = requests.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        Resource: `${arnPrefix}client/${claimClientId(names.provisioningTemplate, '*')}`,
      },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: requests.map((topic) => `${arnPrefix}topic/${topic}`) },
      {
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: answers.map((topic) => `${arnPrefix}topicfilter/${topic}`),
      },
      { Effect: 'Allow', Action: 'iot:Receive', Resource: answers.map((topic) => `${arnPrefix}topic/${topic}`) },
    ],
  };
}
