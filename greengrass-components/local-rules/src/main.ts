import { runComponent } from '../../shared/src/run-component.ts';
import { configurationSchema } from './configuration.ts';
import { LocalRules } from './local-rules.ts';
import { raisePriority } from './raise-priority.ts';

raisePriority();
runComponent(new LocalRules(), configurationSchema);
