(function () {
  'use strict';
  var root = document.documentElement;
  var data = JSON.parse(document.getElementById('data').textContent), words = data.words;
  function el(id) { return document.getElementById(id); }
  function all(selector, from) { return Array.prototype.slice.call((from || document).querySelectorAll(selector)); }
  function fill(text, values) { return text.replace(/\{([a-z]+)\}/g, function (whole, key) { return values[key]; }); }
  function node(name, text, kind) {
    var made = document.createElement(name);
    if (text !== undefined) { made.textContent = text; }
    if (kind) { made.className = kind; }
    return made;
  }

{% include "theme.js" %}

  if (!CSS.supports('selector(::details-content)')) {
    addEventListener('beforeprint', function () { all('details').forEach(function (box) { box.open = true; }); });
  }

  /* machines, as reports/compact.py packs them */
  function counted(number) { return number.toLocaleString('en-GB'); }
  function padded(number, digits) { return String(number).padStart(digits, '0'); }
  function machine(row, place) {
    var made = {
      id: 'd' + padded(row[0], 4), name: row[1], people: data.people[row[2]] || '', site: data.sites[row[3]] || '',
      system: data.systems[row[4]] || '', role: data.roles[row[5]] || '', groups: row[6].map(function (at) { return data.groups[at]; }),
      state: Number(row[7].charAt(0)), cells: row[7].slice(1), other: row[8], points: row[9], day: row[10], changed: row[11] === 1,
      checks: row[12], found: row[13], place: place
    };
    made.folded = fold(made.name);
    made.text = made.folded + '\n' + fold(made.people + '\n' + made.site + '\n' + made.system);
    return made;
  }
  function fold(text) { return text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase(); }
  function dayOf(number) {
    var day = new Date(number * 864e5);
    if (!number) { return data.words.never; }
    var month = data.months[day.getUTCMonth()];
    return (data.monthFirst ? month + ' ' + day.getUTCDate() + ', ' : day.getUTCDate() + ' ' + month + ' ') + day.getUTCFullYear();
  }
  function tenth(points) { return points === null ? data.words.dash : (points / 10).toFixed(1); }
  function listing(item) { return [item.role, item.system, item.site].filter(Boolean).join(', '); }
  function icon(key) { return node('i', undefined, 'i i-' + data.icons[key]); }

  /* what is wanted of the list: each key with the values it knows */
  var known = {
    state: data.order, pillar: data.parts, site: data.sites, system: data.systems, group: data.groups,
    check: data.checks.map(function (check) { return check[0]; })
  };
  var columns = data.parts.concat(['name', 'points', 'checked']);
  var wanted = asked('');
  function asked(query) {
    var given = new URLSearchParams(query), sort = given.get('sort') || '', found = {};
    Object.keys(known).forEach(function (key) {
      var values = given.getAll(key).concat(key === 'pillar' ? given.getAll('part') : []);
      found[key] = known[key].filter(function (value) { return values.indexOf(value) !== -1; });
    });
    found.q = (given.get('q') || '').slice(0, 255);
    found.changed = given.get('changed') === 'yes';
    found.down = sort.charAt(0) === '-';
    found.sort = columns.indexOf(sort.replace(/^-/, '')) === -1 ? '' : sort.replace(/^-/, '');
    found.page = Math.max(1, Math.floor(Number(given.get('page'))) || 1);
    found.all = given.get('rows') === 'all';
    return found;
  }
  function written() {
    var pairs = [];
    function add(key, value) { if (value) { pairs.push(key + '=' + encodeURIComponent(value)); } }
    Object.keys(known).forEach(function (key) { wanted[key].forEach(function (value) { add(key, value); }); });
    add('changed', wanted.changed && 'yes');
    add('q', wanted.q.trim());
    add('sort', wanted.sort && (wanted.down ? '-' : '') + wanted.sort);
    add('page', wanted.page > 1 && !wanted.all && wanted.page);
    add('rows', wanted.all && 'all');
    return '#machines' + (pairs.length ? '?' + pairs.join('&') : '');
  }
  function narrowed() {
    return wanted.q.trim() || wanted.changed || Object.keys(known).some(function (key) { return wanted[key].length; });
  }
  function places(key) { return wanted[key].map(function (value) { return known[key].indexOf(value); }); }
  function filter() {
    var q = fold(wanted.q.trim()), states = places('state'), pillars = places('pillar'), checks = places('check');
    var away = data.order.indexOf('not-applicable');
    function answers(state) { return states.length ? states.indexOf(state) !== -1 : state !== away; }
    function one(values, value) { return !values.length || values.indexOf(value) !== -1; }
    return function (item) {
      return (!q || item.text.indexOf(q) !== -1) && one(wanted.site, item.site) && one(wanted.system, item.system) &&
        (!wanted.changed || item.changed) &&
        (!wanted.group.length || item.groups.some(function (group) { return wanted.group.indexOf(group) !== -1; })) &&
        (!checks.length || checks.some(function (at) { return 'WF'.indexOf(item.checks.charAt(at)) !== -1; })) &&
        (pillars.length ? pillars.some(function (at) { return answers(Number(item.cells.charAt(at))); }) :
          !states.length || answers(item.state));
    };
  }
  function keyOf(item) {
    var column = data.parts.indexOf(wanted.sort);
    if (column !== -1) { return Number(item.cells.charAt(column)); }
    if (wanted.sort === 'name') { return item.folded; }
    if (wanted.sort === 'points') { return item.points === null ? -1 : item.points; }
    if (wanted.sort === 'checked') { return item.day; }
    return item.place;
  }
  function sorted() {
    var sign = wanted.down ? -1 : 1;
    return items.map(function (item) { return [keyOf(item), item]; }).sort(function (one, other) {
      return (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : 0) * sign || one[1].place - other[1].place;
    }).map(function (pair) { return pair[1]; });
  }

  /* the list */
  var PAGE = 100, MOST = 1000;
  var body = el('rows'), result = el('result'), search = el('f-q'), changed = el('f-changed'), drawn = null;
  var items = body ? data.rows.map(machine) : [], order = items, sortedBy = '', shown = items, timer = 0;
  var byId = new Map(items.map(function (item) { return [item.id, item]; }));
  var lines = body && !data.large ? all('tr', body) : [];

  function sentence() {
    var count = shown.length, verbs = wanted.state.length ? wanted.state : [wanted.pillar.length ? 'asked' : ''];
    function listed(values) { return values.join(words.or); }
    function more(key, values) { return values.length ? fill(words[key], { what: listed(values) }) : ''; }
    if (!narrowed()) { return fill(items.length === 1 ? words.all_one : words.all, { of: counted(items.length) }); }
    return fill(items.length === 1 ? words.shown_one : words.shown, {
      n: counted(count), of: counted(items.length),
      what: listed(verbs.map(function (key) { return data.verbs[key][count === 1 ? 0 : 1]; })) +
        more('on', places('pillar').map(function (at) { return data.titles[at]; })) +
        more('fault', places('check').map(function (at) { return data.checks[at][1]; })) +
        more('at', wanted.site) + more('with', wanted.system) + more('group', wanted.group) +
        (wanted.changed ? words.changed : '') + more('found', wanted.q.trim() ? [wanted.q.trim()] : [])
    });
  }
  function pages() { return wanted.all ? 1 : Math.max(1, Math.ceil(shown.length / PAGE)); }
  function say() {
    var said = [sentence()], head = wanted.sort && document.querySelector('#machines th[data-sort="' + wanted.sort + '"]');
    if (head) { said.push(fill(wanted.down ? words.sorted_down : words.sorted, { column: head.textContent })); }
    if (data.large && pages() > 1) { said.push(fill(data.words.page, { page: wanted.page, pages: pages() })); }
    result.textContent = said.join(' ');
  }
  function cell(item, at) {
    var state = data.order[Number(item.cells.charAt(at))], made = node('td', undefined, 'c-' + state);
    var word = at === data.parts.length - 1 && data.cells[item.other] || data.states[state];
    made.appendChild(state === 'not-applicable' ? node('span', data.states[state], 'vh') : node(state === 'not-checked' ? 'b' : 'span', word));
    return made;
  }
  function named(item) {
    var link = node('a');
    link.href = '#' + item.id;
    link.appendChild(node('bdi', item.name));
    return link;
  }
  function line(item) {
    var made = node('tr'), head = made.appendChild(node('th'));
    head.scope = 'row';
    head.appendChild(named(item));
    head.appendChild(node('small', listing(item)));
    data.parts.forEach(function (part, at) { made.appendChild(cell(item, at)); });
    made.appendChild(node('td', tenth(item.points)));
    made.appendChild(node('td', dayOf(item.day)));
    return made;
  }
  function drawPage() {
    var first = wanted.all ? 0 : (wanted.page - 1) * PAGE, piece = document.createDocumentFragment(), focused = document.activeElement;
    shown.slice(first, first + (wanted.all ? MOST : PAGE)).forEach(function (item) { piece.appendChild(line(item)); });
    drawn.replaceChildren(piece);
    el('pages').hidden = shown.length <= PAGE;
    el('page').textContent = fill(data.words.page, { page: wanted.page, pages: pages() });
    el('previous').disabled = wanted.page <= 1;
    el('next').disabled = wanted.page >= pages();
    if (focused && focused.disabled) { el(focused.id === 'next' ? 'previous' : 'next').focus(); }
    el('show-all').hidden = wanted.all || shown.length > MOST;
  }
  function hideLines() {
    var kept = new Set(shown);
    items.forEach(function (item) { lines[item.place].hidden = !kept.has(item); });
  }
  function chip(label, value, without) {
    var button = node('button', label + ': ' + value + ' \u00d7'), item = node('li');
    button.type = 'button';
    button.setAttribute('aria-label', fill(data.words.remove, { what: label + ': ' + value }));
    button.onclick = function () { without(); wanted.page = 1; changeTo(); search.focus(); };
    item.appendChild(button);
    return item;
  }
  function chips() {
    var list = el('chips');
    list.replaceChildren();
    Object.keys(known).forEach(function (key) {
      var select = el('f-' + key), label = select ? select.parentElement.firstChild.textContent : data.labels[key];
      wanted[key].forEach(function (value) {
        var place = known[key].indexOf(value);
        var name = key === 'check' ? data.checks[place][1] : key === 'state' ? data.states[value] : key === 'pillar' ? select.options[place + 1].text : value;
        list.appendChild(chip(label || '', name, function () {
          wanted[key] = wanted[key].filter(function (other) { return other !== value; });
        }));
      });
    });
    list.hidden = !list.firstChild;
  }
  function show() {
    var by = wanted.sort + wanted.down;
    if (by !== sortedBy) {
      order = sorted();
      sortedBy = by;
      if (!data.large) { order.forEach(function (item) { body.appendChild(lines[item.place]); }); }
      all('#machines th[data-sort]').forEach(function (head) {
        if (head.dataset.sort === wanted.sort) { head.setAttribute('aria-sort', wanted.down ? 'descending' : 'ascending'); }
        else { head.removeAttribute('aria-sort'); }
      });
    }
    shown = order.filter(filter());
    if (wanted.all && shown.length > MOST) { wanted.all = false; }
    wanted.page = wanted.all ? 1 : Math.min(wanted.page, pages());
    if (data.large) { drawPage(); } else { hideLines(); }
    chips();
    if (document.activeElement !== search) { search.value = wanted.q; }
    if (changed) { changed.checked = wanted.changed; }
    el('clear').hidden = !narrowed();
    say();
  }
  function changeTo(quietly) {
    show();
    history[quietly ? 'replaceState' : 'pushState'](null, '', written());
  }

  /* names and rows of the filter, to take along */
  var formula = new RegExp('^(?:' + data.formula + ')');
  function guarded(text) { return formula.test(text) ? "'" + text : text; }
  function copied(done) { result.textContent = done ? fill(data.words.copied, { n: counted(shown.length) }) : data.words.not_copied; }
  function copyNames() {
    var text = shown.map(function (item) { return guarded(item.name); }).join('\n');
    function byHand() {
      var area = document.body.appendChild(node('textarea', text, 'vh')), done = false;
      area.select();
      try { done = document.execCommand('copy'); } catch (refused) { done = false; }
      area.remove();
      el('copy').focus();
      copied(done);
    }
    if (navigator.clipboard) { navigator.clipboard.writeText(text).then(function () { copied(true); }, byHand); } else { byHand(); }
  }
  function download() {
    var head = all('#machines th[data-sort]').map(function (cell) { return cell.textContent; });
    var rows = shown.map(function (item) {
      return [item.name].concat(data.parts.map(function (part, at) {
        var state = data.order[Number(item.cells.charAt(at))];
        return at === data.parts.length - 1 && data.cells[item.other] || data.states[state];
      }), [item.points === null ? '' : tenth(item.points), item.day ? new Date(item.day * 864e5).toISOString().slice(0, 10) : '',
        item.role, item.system, item.site, item.people]);
    });
    var text = [head.concat(data.labels.columns)].concat(rows).map(function (row) {
      return row.map(function (value) { return '"' + guarded(value).replace(/"/g, '""') + '"'; }).join(',');
    }).join('\r\n');
    var link = node('a'), address = URL.createObjectURL(new Blob(['\ufeff' + text + '\r\n'], { type: 'text/csv' }));
    link.href = address;
    link.download = 'machines.csv';
    link.click();
    setTimeout(function () { URL.revokeObjectURL(address); }, 1000);
  }

  /* details: what is the same for many machines stands once on the page and is fetched when it is looked at */
  function stepsOf(id) {
    var steps = el(id) && el(id).querySelector('ol');
    return steps ? steps.cloneNode(true) : null;
  }
  function agreedIn(item) {
    var list = [], at = 0;
    data.checks.forEach(function (check, place) {
      if ('PN'.indexOf(item.checks.charAt(place)) === -1) { return; }
      var found = el(check[2] + '-' + item.found[at++]);
      list.push(check[1] + (found ? ': ' + found.firstElementChild.textContent : ''));
    });
    return list;
  }
  function complete(box) {
    var passing, item;
    if (!box.open || box.dataset.filled || !/\b(dev|plain)\b/.test(box.className)) { return; }
    box.dataset.filled = 'yes';
    all('a.how', box).forEach(function (link) {
      var steps = stepsOf(link.hash.slice(1));
      if (steps) { link.parentElement.appendChild(steps); }
    });
    all('.quiet td:last-child', box).forEach(function (cell) {
      cell.replaceChildren(closedList(cell.textContent, agreedIn(byId.get(cell.parentElement.id))));
    });
    passing = box.querySelector('p.passing');
    item = passing && byId.get(passing.closest('.body').id);
    if (item) { passing.replaceWith(closedList(passing.textContent, data.large ? titles(item, 'P') : agreedIn(item))); }
  }
  document.addEventListener('toggle', function (event) { complete(event.target); }, true);
  function pair(list, label, value) {
    if (value) {
      list.appendChild(node('dt', label));
      list.appendChild(value.nodeType ? value : node('dd', value));
    }
  }
  function fault(row, item) {
    var check = data.checks[row[0]], letter = item.checks.charAt(row[0]), excused = letter !== letter.toUpperCase();
    var box = node('div', undefined, 'found'), head = box.appendChild(node('h3')), list = node('dl', undefined, 'ev');
    head.appendChild(icon(excused ? 'excused' : letter === 'W' ? 'warn' : 'fail'));
    head.appendChild(node('span', check[1]));
    head.appendChild(node('span', excused ? data.labels.excused : data.labels.results[letter], 'tag'));
    pair(list, data.labels.expect, data.texts[row[2]]);
    pair(list, data.labels.found, data.texts[row[1]] || data.labels.elsewhere);
    if (row[3]) { pair(list, data.labels.since, dayOf(row[3])); }
    if (stepsOf(check[2])) {
      pair(list, data.labels.fix, node('dd'));
      list.lastElementChild.appendChild(stepsOf(check[2]));
    }
    box.appendChild(list);
    return box;
  }
  function titles(item, letters) {
    return data.checks.filter(function (check, at) { return letters.indexOf(item.checks.charAt(at)) !== -1; }).map(function (check) { return check[1]; });
  }
  function closedList(label, names) {
    var box = node('details', undefined, 'plain passing'), list = node('ul', undefined, 'good');
    box.appendChild(node('summary', label));
    names.forEach(function (name) { list.appendChild(node('li', name)); });
    box.appendChild(list);
    return box;
  }
  function answers(item) {
    var box = node('dd', undefined, 'st');
    data.parts.forEach(function (part, at) {
      var state = data.order[Number(item.cells.charAt(at))], title = data.titles[at], made = box.appendChild(node('b'));
      var word = at === data.parts.length - 1 && data.cells[item.other] || data.states[state];
      made.appendChild(icon(state));
      made.appendChild(document.createTextNode(' ' + title.charAt(0).toUpperCase() + title.slice(1) + ': ' + word));
      box.appendChild(document.createTextNode(' '));
    });
    return box;
  }
  function drawMachine(item) {
    var box = node('details', undefined, 'dev'), head = node('summary'), inner = node('div', undefined, 'body'), list = node('dl', undefined, 'ev');
    inner.id = item.id;
    head.appendChild(icon(data.order[item.state]));
    head.appendChild(node('bdi', item.name));
    pair(list, data.labels.machine, listing(item));
    pair(list, data.labels.people, item.people);
    pair(list, data.labels.checked, dayOf(item.day));
    if (item.points !== null) { pair(list, data.labels.points, tenth(item.points)); }
    pair(list, data.labels.answers, answers(item));
    inner.appendChild(list);
    item.found.forEach(function (row) { inner.appendChild(fault(row, item)); });
    [['U', data.labels.results.U], ['P', data.labels.results.P], ['N', data.labels.results.N]].forEach(function (kind) {
      var names = titles(item, kind[0]);
      if (names.length) { inner.appendChild(closedList(kind[1] + ': ' + names.length, names)); }
    });
    inner.appendChild(node('p', data.labels.only, 'small'));
    box.appendChild(head);
    box.appendChild(inner);
    el('drawn').replaceChildren(box);
  }

  /* a link to a machine, a check or an answer opens every box around it */
  function reveal(id) {
    var target = el(id), box;
    if (!target && data.large && byId.has(id)) {
      drawMachine(byId.get(id));
      target = el(id);
    }
    for (box = target; box; box = box.parentElement) {
      if (box.tagName === 'DETAILS') { box.open = true; complete(box); }
    }
    if (target) { (target.tagName === 'TR' ? target : target.closest('details') || target).scrollIntoView(); }
  }
  function follow() {
    var hash = location.hash.slice(1), place;
    if (body && (hash === '' || /^machines(\?|$)/.test(hash))) {
      wanted = asked(hash.slice(9));
      search.value = wanted.q;
      show();
      if (hash) { el('machines').scrollIntoView(); }
    } else if (/^device=d[0-9]+$/.test(hash)) {
      reveal(hash.slice(7));
    } else if (hash.indexOf('check=') === 0) {
      place = known.check.indexOf(new URLSearchParams(hash).get('check'));
      if (place !== -1) { reveal(data.checks[place][2]); }
    } else if (/^[a-z][a-z0-9-]*$/.test(hash)) {
      reveal(hash);
    }
  }

  /* controls */
  function prepare() {
    el('controls').hidden = el('actions').hidden = false;
    if (data.large) {
      drawn = body.parentElement.appendChild(node('tbody', undefined, 'drawn'));
      body.classList.add('paper');
      root.classList.add('large');
    }
    all('a[data-filter]').forEach(function (link) { link.href = '#machines?' + link.dataset.filter; });
    all('#machines th[data-sort]').forEach(function (head) {
      var button = node('button', head.textContent);
      button.type = 'button';
      head.replaceChildren(button);
      button.onclick = function () {
        wanted.down = wanted.sort === head.dataset.sort && !wanted.down;
        wanted.sort = head.dataset.sort;
        wanted.page = 1;
        changeTo();
      };
    });
    all('#controls select').forEach(function (select) {
      var key = select.dataset.key;
      select.onchange = function () {
        var value = select.value;
        if (value && wanted[key].indexOf(value) === -1) { wanted[key].push(value); }
        if (!value) { wanted[key] = []; }
        select.value = '';
        wanted.page = 1;
        changeTo();
      };
    });
    if (changed) { changed.onchange = function () { wanted.changed = changed.checked; wanted.page = 1; changeTo(); }; }
    search.oninput = function () {
      clearTimeout(timer);
      timer = setTimeout(function () { wanted.q = search.value; wanted.page = 1; changeTo(/^#machines(\?|$)/.test(location.hash)); }, 80);
    };
    search.onkeydown = function (event) {
      if (event.key === 'Escape') { clearTimeout(timer); search.value = wanted.q = ''; wanted.page = 1; changeTo(true); }
      if (event.key === 'Enter') { event.preventDefault(); }
    };
    el('controls').onsubmit = function (event) { event.preventDefault(); };
    el('clear').onclick = function () { search.value = ''; wanted = asked(''); changeTo(); search.focus(); };
    el('copy').onclick = copyNames;
    if (el('download')) { el('download').onclick = download; }
    el('previous').onclick = function () { wanted.page -= 1; changeTo(); el('machines').scrollIntoView(); };
    el('next').onclick = function () { wanted.page += 1; changeTo(); el('machines').scrollIntoView(); };
    el('show-all').onclick = function () { wanted.all = true; changeTo(); document.querySelector('#machines .scroll').focus(); };
    addEventListener('keydown', function (event) {
      var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
      if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); search.focus(); }
    });
    show();
  }
  if (body) { prepare(); }
  addEventListener('hashchange', follow);
  follow();
})();
