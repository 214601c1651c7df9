// SQLite in memory, each row given to an async function while the event loop goes on.
//   node examples/sqlite.mjs
import { open } from 'fat-threads'

const sqlite = await open('libsqlite3.so.0', {
  open: 'int sqlite3_open(const char *filename, _Out_ void **db)',
  exec: `int sqlite3_exec(void *db, const char *sql,
                          int (*row)(void *data, int columns, char **values, char **names),
                          void *data, char **message)`,
  close: 'int sqlite3_close(void *db)',
})
const { thread, symbols } = sqlite

const { db } = await symbols.open(':memory:')
await symbols.exec(
  db,
  `create table planets (name text, moons integer);
   insert into planets values ('Earth', 1), ('Mars', 2), ('Jupiter', 95);`,
  null,
  null,
  null,
)
const row = async (_data, columns, values, names) => {
  const [keys, cells] = await Promise.all(
    [names, values].map((each) => thread.read(each, `const char *[${columns}]`)),
  )
  console.log(Object.fromEntries(keys.map((key, index) => [key, cells[index]])))
  return 0 // go on
}
await symbols.exec(db, 'select * from planets order by moons desc', row, null, null)
await symbols.close(db)
await sqlite.close()
