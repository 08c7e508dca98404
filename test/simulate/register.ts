/** To be imported before the simulator: from then on the nights touch nothing of this machine. */
import { register } from 'node:module';
import { mutations } from './mutations.js';

const wanted = process.argv.indexOf('--mutation');
const name = wanted < 0 ? undefined : process.argv[wanted + 1];
const mutation = name === undefined ? null : mutations.find((each) => each.name === name);
if (mutation === undefined) throw new Error(`there is no mutation "${name}"`);
register('./hooks.js', import.meta.url, { data: mutation });
