import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asBackupError } from '../../src/database/server-failures.js';
import { isBackupError } from '../../src/errors.js';

describe('F9: what an engine says of a damaged table is heard in every language of a server', () => {
  const answers: readonly (readonly [errno: number, message: string, engineErrno: number])[] = [
    [1030, 'Got error 127 from storage engine', 127],
    [1030, 'Got error 144 "Table is crashed and last repair failed" from storage engine MyISAM', 144],
    [1030, 'Fehler 127 (Speicher-Engine)', 127],
    [1030, 'ストレージエンジンがエラー 145 を返しました。', 145],
    [1030, 'Obtenido error 126 desde el motor de almacenaje', 126],
    [1016, "Can't open file: 'p2024.MYI' (errno: 145)", 145],
    [1016, 'Kann Datei \'./p (12)/t7.MYI\' nicht öffnen (Fehler: 145 "Table was marked as crashed")', 145],
    [1016, "ファイル 't2.MYI' をオープンできません。(errno: 144 - unknown)", 144],
  ];
  for (const [errno, message, engineErrno] of answers) {
    it(message, () => {
      const error = asBackupError(Object.assign(new Error(message), { errno, code: 'ER' }));
      assert.ok(isBackupError(error, 'table-damaged'), String(error));
      assert.equal(error.details['engineErrno'], engineErrno);
    });
  }
});
