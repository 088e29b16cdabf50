import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { MachineRecord, Machines } from '../machines.ts';

export interface StateMachineProperties {
  StateMachineName?: string;
  StateMachineType?: string;
  DefinitionString?: string;
  Definition?: object;
  DefinitionSubstitutions?: Record<string, string>;
  RoleArn: string;
  Tags?: { Key: string; Value: string }[];
}

/** AWS::StepFunctions::StateMachine. Logging, tracing, keys and definitions in S3 are left out, and so refuse. */
export function stateMachineResource(machines: Machines): ResourceProvider<StateMachineProperties> {
  return {
    type: 'AWS::StepFunctions::StateMachine',
    replaceOn: ['StateMachineName', 'StateMachineType'],
    properties: [
      'StateMachineName',
      'StateMachineType',
      'DefinitionString',
      'Definition',
      'DefinitionSubstitutions',
      'RoleArn',
      'Tags',
    ],
    async create(properties, scope) {
      const machine = await machines.create({
        name: properties.StateMachineName ?? scope.generateName(80),
        type: properties.StateMachineType,
        definition: definitionOf(properties),
        roleArn: properties.RoleArn,
        tags: properties.Tags?.map(({ Key, Value }) => ({ key: Key, value: Value })),
      });
      return stateOf(machine);
    },
    async update(properties, _previous, state) {
      const machine = await machines.update(machines.require(state.physicalId), {
        definition: definitionOf(properties),
        roleArn: properties.RoleArn,
      });
      const tags = Object.fromEntries((properties.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
      return stateOf(await machines.put({ ...machine, tags }));
    },
    async delete(state) {
      await machines.delete(state.physicalId);
    },
  };
}

/** `${name}` stands for a substitution. */
function definitionOf({ DefinitionString, Definition, DefinitionSubstitutions = {} }: StateMachineProperties): string {
  const text = DefinitionString ?? JSON.stringify(Definition);
  return Object.entries(DefinitionSubstitutions).reduce(
    (whole, [name, value]) => whole.replaceAll(`\${${name}}`, String(value)),
    text,
  );
}

function stateOf(machine: MachineRecord): ResourceState {
  return {
    physicalId: machine.arn,
    attributes: { Arn: machine.arn, Name: machine.name, StateMachineRevisionId: machine.revision },
  };
}
