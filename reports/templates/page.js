(function () {
  'use strict';
  var root = document.documentElement;
  var data = JSON.parse(document.getElementById('data').textContent);
  function el(id) { return document.getElementById(id); }

  /* theme and print */
  var themeButton = el('theme'), printButton = el('print'), system = matchMedia('(prefers-color-scheme: dark)');
  function stored(value) {
    try {
      if (value === undefined) { return localStorage.getItem('scorecard-theme'); }
      localStorage.setItem('scorecard-theme', value);
    } catch (refused) { return null; }
    return value;
  }
  function isDark() { return root.dataset.theme ? root.dataset.theme === 'dark' : system.matches; }
  function nameTheme() {
    themeButton.textContent = isDark() ? data.words.light : data.words.dark;
  }
  if (stored() === 'dark' || stored() === 'light') { root.dataset.theme = stored(); }
  themeButton.hidden = printButton.hidden = false;
  themeButton.onclick = function () { root.dataset.theme = isDark() ? 'light' : 'dark'; stored(root.dataset.theme); nameTheme(); };
  printButton.onclick = function () { print(); };
  system.addEventListener('change', nameTheme);
  nameTheme();
  if (!CSS.supports('selector(::details-content)')) {
    addEventListener('beforeprint', function () {
      document.querySelectorAll('details').forEach(function (box) { box.open = true; });
    });
  }

  /* a link to a machine or to an answer opens every box around it */
  function reveal(id) {
    var target = el(id), box = target;
    if (!target) { return; }
    while (box) {
      if (box.tagName === 'DETAILS') { box.open = true; }
      box = box.parentElement;
    }
    (target.closest('details') || target).scrollIntoView();
  }

  /* the list of machines */
  var body = el('rows');
  var controls = el('controls'), result = el('result');
  var search = el('f-q'), state = el('f-state'), part = el('f-part'), site = el('f-site'), sys = el('f-system');
  function fold(text) { return text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase(); }
  var rows = body ? data.rows.map(function (row, place) {
    row = { id: row[0], name: row[1], owner: row[2], site: row[3], system: row[4], state: row[5], cells: row[6], points: row[7], checked: row[8] };
    return {
      place: place, tr: el('r' + row.id.slice(1)), row: row,
      text: fold([row.name, row.owner, data.sites[row.site] || '', data.systems[row.system] || ''].join(' '))
    };
  }) : [];
  var sorting = { key: '', down: false }, timer = 0, quiet = false;

  function stateOf(row) { return part.value ? data.order[row.cells[data.parts.indexOf(part.value)]] : data.order[row.state]; }
  function matches(item) {
    var row = item.row;
    return (!search.value || item.text.indexOf(fold(search.value.trim())) !== -1) &&
      (!state.value || stateOf(row) === state.value) &&
      (!site || !site.value || row.site === Number(site.value)) &&
      (!sys || !sys.value || row.system === Number(sys.value));
  }
  function filtered() { return search.value.trim() || state.value || part.value || (site && site.value) || (sys && sys.value); }
  function apply() {
    var shown = 0;
    rows.forEach(function (item) {
      var fits = matches(item);
      item.tr.hidden = !fits;
      if (fits) { shown += 1; }
    });
    result.textContent = filtered() ? data.words.shown.replace('{n}', shown).replace('{of}', rows.length) : (rows.length === 1 ? data.words.all_one : data.words.all).replace('{of}', rows.length);
    el('clear').hidden = !filtered();
  }
  function keyOf(item) {
    var row = item.row, column = data.parts.indexOf(sorting.key);
    if (column !== -1) { return row.cells[column]; }
    if (sorting.key === 'name') { return fold(row.name); }
    if (sorting.key === 'points') { return row.points === null ? -1 : row.points; }
    if (sorting.key === 'checked') { return row.checked; }
    return item.place;
  }
  function sort() {
    var sign = sorting.down ? -1 : 1;
    rows.slice().sort(function (one, other) {
      var a = keyOf(one), b = keyOf(other);
      return (a < b ? -1 : a > b ? 1 : 0) * sign || one.place - other.place;
    }).forEach(function (item) { body.appendChild(item.tr); });
    document.querySelectorAll('#machines th button').forEach(function (button) {
      var head = button.parentElement;
      if (button.dataset.sort === sorting.key) {
        head.setAttribute('aria-sort', sorting.down ? 'descending' : 'ascending');
      } else { head.removeAttribute('aria-sort'); }
    });
  }
  function write() {
    var pairs = [['q', search.value.trim()], ['state', state.value], ['part', part.value], ['site', site ? site.value : ''],
      ['system', sys ? sys.value : ''], ['sort', sorting.key && (sorting.down ? '-' : '') + sorting.key]];
    var query = pairs.filter(function (pair) { return pair[1]; }).map(function (pair) {
      return pair[0] + '=' + encodeURIComponent(pair[1]);
    }).join('&');
    quiet = true;
    history.replaceState(null, '', '#machines' + (query ? '?' + query : ''));
    quiet = false;
  }
  function option(select, value) {
    if (!select) { return; }
    select.value = Array.prototype.some.call(select.options, function (known) { return known.value === value; }) ? value : '';
  }
  function read(query) {
    var given = new URLSearchParams(query), wanted = given.get('sort') || '';
    search.value = (given.get('q') || '').slice(0, 255);
    option(state, given.get('state') || '');
    option(part, given.get('part') || '');
    option(site, given.get('site') || '');
    option(sys, given.get('system') || '');
    sorting.down = wanted.charAt(0) === '-';
    wanted = wanted.replace(/^-/, '');
    sorting.key = data.parts.concat(['name', 'points', 'checked']).indexOf(wanted) === -1 ? '' : wanted;
    sort();
    apply();
  }
  function follow() {
    if (quiet) { return; }
    var hash = location.hash.slice(1), query = hash.indexOf('?');
    if (hash.indexOf('machines') === 0 && body) {
      read(query === -1 ? '' : hash.slice(query + 1));
      el('machines').scrollIntoView();
    } else if (/^device=d[0-9]+$/.test(hash)) {
      reveal(hash.slice(7));
    } else if (/^[a-z][a-z0-9-]*$/.test(hash)) {
      reveal(hash);
    }
  }
  if (body) {
    controls.hidden = false;
    document.querySelectorAll('a[data-filter]').forEach(function (link) { link.href = '#machines?' + link.dataset.filter; });
    document.querySelectorAll('#machines th[data-sort]').forEach(function (head) {
      var button = document.createElement('button');
      button.type = 'button';
      button.dataset.sort = head.dataset.sort;
      button.textContent = head.textContent;
      head.textContent = '';
      head.appendChild(button);
      button.onclick = function () {
        sorting.down = sorting.key === button.dataset.sort && !sorting.down;
        sorting.key = button.dataset.sort;
        sort(); write();
        result.textContent = data.words.sorted.replace('{column}', button.textContent);
      };
    });
    [state, part, site, sys].forEach(function (select) {
      if (select) { select.onchange = function () { apply(); write(); }; }
    });
    search.oninput = function () {
      clearTimeout(timer);
      timer = setTimeout(function () { apply(); write(); }, 80);
    };
    search.onkeydown = function (event) { if (event.key === 'Escape') { search.value = ''; apply(); write(); } };
    el('clear').onclick = function () { read(''); write(); search.focus(); };
    addEventListener('keydown', function (event) {
      var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
      if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); search.focus(); }
    });
    read('');
  }
  addEventListener('hashchange', follow);
  follow();
})();
