// node node_gate.mjs RUNTIME ROOT PACKAGES HYPOTHESIS pytest-arguments…: pytest under Pyodide, on the working tree.
const [runtime, root, packages, hypothesis, ...args] = process.argv.slice(2);
const { loadPyodide } = await import(`file://${runtime}/pyodide.mjs`);
const pyodide = await loadPyodide({ indexURL: `${runtime}/`, lockFileURL: `${runtime}/pyodide-lock.json` });
await pyodide.loadPackage(["nn-exercises", "pygments"], { messageCallback: () => {} });
for (const [where, from] of [["/book", root], ["/packages", packages], ["/hypothesis", hypothesis]]) {
  pyodide.FS.mkdir(where);
  pyodide.mountNodeFS(where, from);
}
pyodide.globals.set("args", pyodide.toPy(args));
const code = await pyodide.runPythonAsync(`
import os, sys
sys.path += ["/hypothesis", "/packages"]  # behind the runtime's own: pytest is pure, NumPy is not
sys.path.insert(0, "/book/tests/web")
sys.dont_write_bytecode = True
os.chdir("/book")
os.environ |= {"MPLBACKEND": "Agg", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
import pytest
int(pytest.main(["-p", "under_pyodide", *args]))
`);
process.exit(code);
