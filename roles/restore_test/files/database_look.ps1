# What a restored database is, and what SQL Server itself finds in it. Runs on the host of the restore instance, as an account that may read it.
param([Parameter(Mandatory)][string]$Instance, [Parameter(Mandatory)][string]$Name)
$ErrorActionPreference = 'Stop'

function Read-Table([string]$Database, [string]$Query) {
    $builder = New-Object System.Data.SqlClient.SqlConnectionStringBuilder
    $builder['Data Source'] = $Instance
    $builder['Initial Catalog'] = $Database
    $builder['Integrated Security'] = $true
    $connection = New-Object System.Data.SqlClient.SqlConnection $builder.ConnectionString
    try {
        $connection.Open()
        $command = $connection.CreateCommand()
        $command.CommandText = $Query
        $command.CommandTimeout = 0
        [void]$command.Parameters.AddWithValue('@name', $Name)
        $table = New-Object System.Data.DataTable
        $table.Load($command.ExecuteReader())
        , $table.Rows
    }
    finally { $connection.Dispose() }
}

$Ansible.Changed = $false
$known = Read-Table 'master' 'SELECT state_desc, recovery_model_desc FROM sys.databases WHERE name = @name'
if ($known.Count -eq 0) {
    $Ansible.Result = @{ exists = $false }
    return
}
$found = @{
    exists = $true
    state = ([string]$known[0].state_desc).ToLower()
    recovery_model = ([string]$known[0].recovery_model_desc).ToLower()
    files = @(Read-Table 'master' 'SELECT name, physical_name FROM sys.master_files WHERE database_id = DB_ID(@name)' |
        ForEach-Object { @{ logical = [string]$_.name; path = [string]$_.physical_name } })
    tables = @()
    errors = @()
}
if ($found.state -eq 'online') {
    $found.tables = @(Read-Table $Name ('SELECT SCHEMA_NAME(t.schema_id) AS place, t.name, SUM(p.rows) AS total FROM sys.tables AS t ' +
            'JOIN sys.partitions AS p ON p.object_id = t.object_id AND p.index_id IN (0, 1) GROUP BY t.schema_id, t.name') |
        ForEach-Object { @{ name = "$($_.place).$($_.name)"; rows = [long]$_.total } })
    $query = "DECLARE @sql nvarchar(max) = N'DBCC CHECKDB(' + QUOTENAME(@name, '''') + N') WITH TABLERESULTS, NO_INFOMSGS'; EXEC (@sql)"
    $found.errors = @(Read-Table 'master' $query | ForEach-Object { [string]$_.MessageText })
}
$Ansible.Result = $found
