#compdef zk-server
# Completion of zk-server in zsh.
_zk_server() {
  local -a commands=(
    'start:Run a server until SIGTERM or SIGINT; with --daemon in the background'
    'restart:Stop the server of a configuration, then start it in the background'
    'stop:Stop the server that runs with this configuration, and wait until it is gone'
    'hand-over:Let another server lead in place of the one that runs with this configuration'
    'status:Ask a running server for its role, leader, epoch, zxid and peers; exit code 0 only when it serves'
    'backup:Copy the data of a server, running or not, into a folder with checksums'
    'restore:Make a backup, as of any moment it holds, the data of a server that does not run'
    'check:Tell every fault of a configuration with its line and what to write instead; starts nothing'
    'print-config:Print the configuration as it is understood, with where each value comes from'
    'init:Make the data folders and myid'
    'version:Print the version'
    'completion:Print a script with which a shell completes commands, options, values and configuration files'
  )
  if (( CURRENT == 2 )); then
    _describe -t commands 'command' commands
    _arguments '--help[Show help]' '--version[Show the version]'
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    start|start-foreground)
      _arguments '--daemon[Run in the background]' \
        '--timeout=[Seconds to wait until the server in the background serves]:number: ' \
        '--log-level=[Least level that is logged \[info\]]:log-level:(trace debug info warn error fatal)' \
        '--log-format=[One JSON object a line, or lines for people \[text on a terminal, else json\]]:log-format:(json text)' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    restart)
      _arguments '--stop-timeout=[Seconds to wait until the running server is gone]:number: ' \
        '--timeout=[Seconds to wait until the server in the background serves]:number: ' \
        '--log-level=[Least level that is logged \[info\]]:log-level:(trace debug info warn error fatal)' \
        '--log-format=[One JSON object a line, or lines for people \[text on a terminal, else json\]]:log-format:(json text)' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    stop)
      _arguments '--timeout=[Seconds to wait]:number: ' \
        '--pid-file=[Its pid file \[zookeeper_server.pid in dataDir\]]:pid-file:_files' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    hand-over)
      _arguments '--timeout=[Seconds to wait]:number: ' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    status)
      _arguments '--election[Tell the last elections, too]' \
        '--json[Print JSON]' \
        '--server=[Ask this host\:port instead of the server of the configuration]:server: ' \
        '--timeout=[Seconds to wait for an answer]:number: ' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    backup)
      _arguments '--to=[Folder for backups \[backup.dir\]]:to:_files' \
        '--keep=[Remove all but so many of the newest ones of this server \[all are kept\]]:number: ' \
        '--json[Print JSON]' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    restore)
      _arguments '--from=[A backup, or a folder of backups \[backup.dir\]]:from:_files' \
        '--zxid=[The state after this transaction (hex) \[the newest\]]:zxid: ' \
        '--time=[The state at this time, as 2026-11-27T10\:00\:00Z]:time: ' \
        '--force[Set aside the data that is there]' \
        '--check[Only check the backup; change nothing]' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    check)
      _arguments '--from=[Configuration of Apache ZooKeeper, or the folder that has it]:from:_files' \
        '--json[Print JSON]' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    print-config)
      _arguments '--all[Defaults, too]' \
        '--json[Print JSON]' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    init)
      _arguments '--myid=[The N of this server’s line server.N]:number: ' \
        '--force[Delete the data that is there]' \
        '--help[Show help]' \
        '1:config:_files -g '\''*.cfg'\'''
      ;;
    version)
      _arguments '--help[Show help]'
      ;;
    completion)
      _arguments '--help[Show help]' \
        '1:shell:(bash zsh fish)'
      ;;
  esac
}

# A file of $fpath is run when it is needed; one that is sourced only says what it is for.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _zk_server "$@"
else
  compdef _zk_server zk-server
fi
