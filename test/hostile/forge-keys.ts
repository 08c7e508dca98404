import { both, database, type Forgery, table } from './forge.js';

/** Tables that want to be tied to `bystander.parents`, so that nobody can remove rows there any more. */
export function foreignKeyForgeries(): readonly Forgery[] {
  const references = [
    'REFERENCES `bystander`.`parents` (`a`)',
    'REFERENCES bystander.parents (a)',
    'REFERENCES `bystander` . `parents` (`a`) ON DELETE RESTRICT',
    'REFERENCES bystander /* here */ . parents (a)',
    'REFERENCES `Bystander`.`parents` (`a`)',
    'REFERENCES /*!50000 `bystander`.*/ `parents` (`a`)',
    'REFERENCES /*M!100000 `bystander`.*/ `parents` (`a`)',
    'REFERENCES "bystander"."parents" ("a")',
  ];
  const keyed = (key: string): Forgery =>
    table(`CREATE TABLE \`zz\` (\n  \`a\` int(11) NOT NULL,\n  ${key}\n) ENGINE=InnoDB`, 'contained');
  return [
    ...references.flatMap((reference) => {
      const forgery = keyed(`KEY \`a\` (\`a\`),\n  CONSTRAINT \`f\` FOREIGN KEY (\`a\`) ${reference}`);
      // As if the archive were of that database: what is its own is made anew in the target.
      return [forgery, both(database({ name: 'bystander' }), forgery)];
    }),
    // Within a column, which newer servers take for a key.
    table(
      'CREATE TABLE `zz` (\n  `a` int(11) NOT NULL REFERENCES `bystander`.`parents` (`a`)\n) ENGINE=InnoDB',
      'contained',
    ),
  ];
}

/** Keys that lead from one database into another. */
export const outsideKeys: string =
  'SELECT CONSTRAINT_SCHEMA, TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA FROM information_schema.REFERENTIAL_CONSTRAINTS ' +
  'WHERE UNIQUE_CONSTRAINT_SCHEMA <> CONSTRAINT_SCHEMA';
