import type {
  AttachSecurityProfileRequest,
  DetachSecurityProfileRequest,
  ListSecurityProfilesForTargetRequest,
  ListSecurityProfilesForTargetResponse,
  ListTargetsForSecurityProfileRequest,
  ListTargetsForSecurityProfileResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { changing, reading } from '../../../iot-service.ts';
import { listPage } from '../../list-page.ts';
import type { Detect } from '../detect.ts';

export function targetOperations(detect: Detect): Operation[] {
  const { service, profiles, targets, tags } = detect;
  const both = (input: AttachSecurityProfileRequest | DetachSecurityProfileRequest): string[] => {
    const profile = tags.profile.arn(input.securityProfileName ?? '');
    const target = input.securityProfileTargetArn ?? '';
    return target.includes(':thinggroup/') ? [profile, target] : [profile];
  };
  return [
    changing<AttachSecurityProfileRequest, object>(service, 'AttachSecurityProfile', both, (input) => {
      targets.attach(profiles.get(input.securityProfileName).name, input.securityProfileTargetArn);
      detect.changed();
      return {};
    }),
    changing<DetachSecurityProfileRequest, object>(service, 'DetachSecurityProfile', both, (input) => {
      targets.detach(profiles.get(input.securityProfileName).name, input.securityProfileTargetArn);
      detect.changed();
      return {};
    }),
    reading<ListTargetsForSecurityProfileRequest, ListTargetsForSecurityProfileResponse>(
      'ListTargetsForSecurityProfile',
      (input) => tags.profile.arn(input.securityProfileName ?? ''),
      (input) => {
        const page = listPage(targets.targetsOf(profiles.get(input.securityProfileName).name), input);
        return { securityProfileTargets: page.keys.map((arn) => ({ arn })), nextToken: page.nextToken };
      },
    ),
    reading<ListSecurityProfilesForTargetRequest, ListSecurityProfilesForTargetResponse>(
      'ListSecurityProfilesForTarget',
      (input) => (input.securityProfileTargetArn?.includes(':thinggroup/') ? input.securityProfileTargetArn : '*'),
      (input) => {
        const found = targets.profilesFor(input.securityProfileTargetArn, input.recursive === true);
        const byKey = new Map(found.map((pair) => [`${pair.profileName}\n${pair.targetArn}`, pair]));
        const page = listPage([...byKey.keys()].sort(), input);
        return {
          securityProfileTargetMappings: page.keys.map((key) => {
            const [name = '', arn = ''] = key.split('\n');
            return { securityProfileIdentifier: { name, arn: tags.profile.arn(name) }, target: { arn } };
          }),
          nextToken: page.nextToken,
        };
      },
    ),
  ];
}
