/** The style of a page: light and dark on a screen, black on white on paper of either size. */
export const style = `
:root{color-scheme:light dark;--ground:#f5f6f7;--paper:#fff;--ink:#1b1f24;--quiet:#59636e;--line:#d5dae0;--soft:#eceff2;
--good:#1f7a4d;--late:#b7791f;--bad:#b3261e;--bad-soft:#fdecea;--watch-soft:#fdf3df;--good-soft:#e8f4ee;--none:#c9d0d8;
--t1:#2f6db3;--t2:#4d86c6;--t3:#76a3d3;--t4:#9dbbdc;--on-t:#fff;--on-t4:#12263b;
font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--paper:#1c2024;--ink:#e6e9ec;--quiet:#a0a9b3;--line:#363c43;--soft:#262b30;
--good:#56b886;--late:#e0a84c;--bad:#ff8a80;--bad-soft:#3a1d1b;--watch-soft:#37290f;--good-soft:#15301f;--none:#3d454d;
--t1:#2b5f99;--t2:#356ea9;--t3:#44678c;--t4:#38495b;--on-t4:#e6e9ec}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink)}
main{max-width:1040px;margin:0 auto;padding:24px 24px 48px}
h1,h2,h3,p,dl,dd,ol,ul{margin:0;padding:0}
h1,dt{overflow-wrap:anywhere}
h1{font-size:1.5rem;font-weight:650;letter-spacing:-.01em}
h2{font-size:1.05rem;font-weight:650;margin-bottom:10px}
h3{font-size:.95rem;font-weight:650;margin:14px 0 6px}
header{display:flex;flex-wrap:wrap;gap:4px 24px;justify-content:space-between;align-items:baseline;margin-bottom:14px}
.quiet,.hint{color:var(--quiet)}
.hint{font-size:.87rem}
p+p,p+.scroll,.scroll+p,svg+p,ul+p,p+ul{margin-top:8px}
section,.verdict{background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:16px 18px;margin-top:14px}
.verdict{border-left:4px solid var(--good)}
.verdict.bad{border-left-color:var(--bad)}
.verdict.watch{border-left-color:var(--late)}
.verdict strong{font-size:1.05rem}
.verdict ul{margin:8px 0 0 18px}
.verdict li+li{margin-top:3px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(185px,1fr));gap:10px;margin-top:14px}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:12px 14px}
.tile dt{font-size:.87rem;color:var(--quiet)}
.tile dd{font-size:1.25rem;font-weight:650;overflow-wrap:anywhere}
.tile dd.hint{font-size:.84rem;font-weight:400;margin-top:2px}
.tile.bad dd:first-of-type,.bad-text{color:var(--bad)}
.tile.watch dd:first-of-type,.watch-text{color:var(--late)}
.tile.good dd:first-of-type,.good-text{color:var(--good)}
.bad-text,.watch-text,.good-text{font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;font-weight:600;color:var(--quiet);font-size:.85rem}
th,td{padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td{min-width:68px}
.nowrap{white-space:nowrap}
tr:last-child td{border-bottom:0}
svg{display:block;width:100%;height:auto}

svg text{font:9px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--quiet)}
.c-verified{fill:var(--good)}.c-late{fill:var(--late)}.c-failed,.c-missing{fill:var(--bad)}.c-waiting{fill:var(--late)}
.c-not-due{fill:var(--soft)}.c-not-due,.c-none{stroke:var(--line);stroke-width:.6}.c-none{fill:none}
.mark{stroke:#fff;stroke-width:1.4;fill:none}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin-top:8px;font-size:.87rem;color:var(--quiet)}
.legend svg{display:inline-block;width:13px;height:13px;vertical-align:-2px;margin-right:5px}
.m{stroke:var(--paper);stroke-width:1}
.m1{fill:var(--t1)}.m2{fill:var(--t2)}.m3{fill:var(--t3)}.m4{fill:var(--t4)}
svg text.mt{fill:var(--on-t);font-size:10.5px}svg text.mt.on4{fill:var(--on-t4)}
.out{fill:var(--soft)}.hatch{stroke:var(--quiet);stroke-width:1.1}svg text.mo{fill:var(--ink);font-size:10.5px}
.area{fill:var(--t4);opacity:.45}.curve{fill:none;stroke:var(--t1);stroke-width:1.6}.bar{fill:var(--t2)}.axis{stroke:var(--line);stroke-width:1}
.two{display:grid;grid-template-columns:1fr 1fr;gap:20px}
.small{font-size:.87rem}
ul.plain{list-style:none}
li{overflow-wrap:anywhere}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
@media (max-width:640px){main{padding:16px 12px 32px}section,.verdict{padding:13px 13px}.two{grid-template-columns:1fr}
.scroll table{min-width:690px}.two{gap:0 20px}.tiles{grid-template-columns:1fr 1fr}.tile{padding:10px 11px}.tile dd{font-size:1.08rem}}
@page{margin:13mm}
@media print{:root{color-scheme:light;--ground:#fff;--paper:#fff;--ink:#000;--quiet:#444;--line:#bbb;--soft:#eee;--good:#1f7a4d;--late:#b7791f;
--bad:#b3261e;--none:#bbb;--t1:#2f6db3;--t2:#4d86c6;--t3:#76a3d3;--t4:#b9cfe6;--on-t:#fff;--on-t4:#12263b;font-size:10.5pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0 1px 0 0}section,.verdict,.tile{border-radius:0}section{padding:10px 12px;margin-top:9px}
.tiles{grid-template-columns:repeat(3,1fr);gap:7px;margin-top:9px}.tile{padding:7px 10px}.tile dd{font-size:1.1rem}
svg,tr,.tile,.verdict,h2,h3{break-inside:avoid}h2,h3{break-after:avoid}.two>*{break-inside:avoid}.scroll{overflow:visible}thead{display:table-header-group}}
`;
